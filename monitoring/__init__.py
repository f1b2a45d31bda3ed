"""What deployed models do in production against their baselines: checks, reports, metrics, alarms.

Pages and REST read stored JSON. What needs pandas and scikit-learn (`frames`, `answers`, `bundle`,
`pictures` and the services `baselines`, `checks`, `evaluations`) is imported by jobs alone.
"""

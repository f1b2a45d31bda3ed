"""What deployed models do in production against their baselines: checks, reports, metrics, alarms.

Pages and REST read stored JSON, which `contexts` turns into words and charts. What computes is
imported by jobs alone: `material` becomes a baseline, `frames` the rows of a window, `verdicts`
judges the report, `tables` and `pictures` fill the zip file of `bundle`.
"""

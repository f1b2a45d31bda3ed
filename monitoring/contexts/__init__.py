"""What report pages show, made from the stored JSON: words, formatted figures and charts.

Nothing here loads pandas or scikit-learn; a report is read as the plain dicts it is stored as.
"""

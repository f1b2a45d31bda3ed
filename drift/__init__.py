"""Statistics of columns, clusters, metrics and windows: frames in, frozen dataclasses out.

No Django, no database, no network, no files; the same input gives the same bytes. Start reading
in `reports`. `columns` reads a series, `descriptors` and `histograms` sum it up, `measures` joins
both; `thresholds` and `distances` compare two measures, `changes` and `findings` say the result.
"""

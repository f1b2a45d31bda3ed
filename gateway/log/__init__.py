"""The durable prediction log: a write-ahead log on the local disk, in plain Python.

    request ─► writer (group commit, fdatasync) ─► answer
                  │ root/writers/<slot>/<sequence>.seg
                  └─► reader: the shipper and the profiler, each with its own stored position

An answer goes out only after its record is on disk. Everything behind the log (the stores, the
profiles) is filled from it, at least once, and made exactly once by the record's id.

Linux only (flock, fdatasync), on a local file system.
"""

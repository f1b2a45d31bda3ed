"""The floor that every app stands on: jobs, audit, transitions, errors, status words, charts."""

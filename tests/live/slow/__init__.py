"""An app that only live tests install: jobs that take their time and leave a trace of each run."""

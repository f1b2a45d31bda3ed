"""The node agent: it compares what should be served with what runs, and takes one step."""

"""The demo: a model trained, deployed, fed and found drifting, through the doors that users use."""

"""Tests of the model server: the protocol, the checks, and real models in real processes."""

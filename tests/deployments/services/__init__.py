"""Tests of desired state."""

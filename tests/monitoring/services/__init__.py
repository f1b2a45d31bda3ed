"""Tests of the writes of monitoring."""

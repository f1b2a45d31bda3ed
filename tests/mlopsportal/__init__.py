"""Tests of the project: settings, processes, addresses."""

"""Tests of the registry's writes."""

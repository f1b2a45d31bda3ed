"""Tests of the floor's rows."""

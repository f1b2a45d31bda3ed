"""Tests of the commands about access."""

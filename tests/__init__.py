"""Tests of the portal; the tree mirrors the tree of the code."""

"""Tests of the stores of predictions: one contract for all of them."""

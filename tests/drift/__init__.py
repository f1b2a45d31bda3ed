"""Tests of the statistics; every figure is compared with an independent source."""

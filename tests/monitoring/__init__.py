"""Tests of monitoring: statistics of real rows, jobs, REST and pages."""

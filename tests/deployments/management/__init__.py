"""Tests of the commands of deployments."""

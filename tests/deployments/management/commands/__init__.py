"""Tests of the commands of deployments, one file each."""

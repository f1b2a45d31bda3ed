"""Tests of the commands of monitoring, one file each."""

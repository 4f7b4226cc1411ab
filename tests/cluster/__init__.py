"""Tests of a cluster of real processes: a scheduler and its executors."""

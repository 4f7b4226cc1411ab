"""Counts the instructions of springald's hot loops in two builds, in one run."""

"""Measure engines, the node, and what a plain node would do, side by side in one run."""

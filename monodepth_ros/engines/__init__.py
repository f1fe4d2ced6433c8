"""Inference engines: every one runs the same deployment graph behind the same interface."""

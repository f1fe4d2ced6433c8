"""Networks, their deployment graph and their checkpoints; needs torch."""

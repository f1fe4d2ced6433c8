"""The command `monodepth`: train, evaluate, predict, export."""

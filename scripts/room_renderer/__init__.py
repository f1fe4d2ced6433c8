"""A small NumPy renderer of one furnished room, with exact depth and labels."""

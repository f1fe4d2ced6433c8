"""Rendered rooms: random furnished rooms and whole worlds, with exact depth and labels."""

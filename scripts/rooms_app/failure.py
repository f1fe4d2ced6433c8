"""What ends a run with one line."""


class RoomsFailure(Exception):
    """Something is missing or wrong; the message names it and the remedy."""

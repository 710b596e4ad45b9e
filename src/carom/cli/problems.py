"""Failures that a person can mend; told in one line."""


class Problem(Exception):
    """Something that the caller of a command has to do differently; the text says what."""

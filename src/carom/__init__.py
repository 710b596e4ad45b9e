"""Carom: what happens to mail after you press send."""

__version__ = "0.1.0"

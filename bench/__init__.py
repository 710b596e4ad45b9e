"""Measurements, each a ratio to a named peer or limit in one run: ``make bench SUITE=name``."""

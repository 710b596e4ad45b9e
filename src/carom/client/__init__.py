"""The client: sans-IO decisions in _core, the async clients by hand, the sync ones generated."""

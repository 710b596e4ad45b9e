"""The async clients, written by hand; the sync ones are generated from them."""

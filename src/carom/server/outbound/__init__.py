"""The last hop of a message: connections to relays and to the built-in remote."""

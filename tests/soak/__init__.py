"""A server left running under load: what must stay level, and a picture of it."""

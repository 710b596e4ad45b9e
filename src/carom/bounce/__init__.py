"""Raw mail in, typed events out. Pure: the standard library and the taxonomy only."""

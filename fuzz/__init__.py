"""Fuzz targets; each states its invariant and ends by itself."""

"""Mail of the past: made up, to see how a store bears it, or brought from elsewhere."""

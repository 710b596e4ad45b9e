"""The steps of the pipeline, each on its own: none knows another."""

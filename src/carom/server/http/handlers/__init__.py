"""What answers each endpoint, one file a resource."""

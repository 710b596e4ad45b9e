"""A local Postmark for anyone's tests."""

"""The carom command."""

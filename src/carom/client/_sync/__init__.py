"""Generated from carom.client._async: edit there."""

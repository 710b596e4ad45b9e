# pyright: basic, reportMissingImports=false
"""Signals."""

from django.dispatch import Signal

event_received = Signal()
"""Sent for each event that the webhook view has read, with ``event``."""

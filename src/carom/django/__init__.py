# pyright: basic, reportMissingImports=false
"""Carom for Django: ``EMAIL_BACKEND = "carom.django.EmailBackend"``, and a view for webhooks.

Settings: ``POSTMARK_API_TOKEN``, and any option of the client in upper case after ``POSTMARK_``, as
``POSTMARK_TIMEOUT``, ``POSTMARK_BASE_URL``, ``POSTMARK_MAX_RETRIES``.
"""

from carom.django.backend import EmailBackend
from carom.django.signals import event_received
from carom.django.view import webhook

__all__ = ["EmailBackend", "event_received", "webhook"]

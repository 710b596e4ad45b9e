# pyright: basic, reportMissingImports=false
"""Django's e-mail backend."""

import threading
from collections.abc import Sequence
from typing import Any

import django
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from carom.client._letters import to_fields
from carom.client._settings import ClientOptions
from carom.client._sync.api import ApiClient
from carom.client.batches import BatchResult
from carom.client.errors import Error
from carom.client.results import SendResult

_VERSION: tuple[Any, ...] = django.VERSION
_MAILERS = _VERSION >= (6, 1)

# What a message may carry beside Django's own, in anymail's words: attribute to Postmark's field.
_OPTIONS = {
    "tags": "Tag",
    "metadata": "Metadata",
    "track_opens": "TrackOpens",
    "track_clicks": "TrackLinks",
    "template_id": "TemplateId",
    "merge_global_data": "TemplateModel",
    "message_stream": "MessageStream",
}


class EmailBackend(BaseEmailBackend):  # type: ignore[misc]  # Django ships no types
    """Sends by Postmark's API. ``message.postmark_response`` is the SendResult, or the error, of each message.

    Messages may have anymail's attributes: ``tags`` (one), ``metadata``, ``track_opens``, ``track_clicks``,
    ``template_id`` (id or alias), ``merge_global_data``, ``message_stream``, and ``esp_extra`` for other fields.
    """

    def __init__(self, fail_silently: bool = False, *, alias: str | None = None, **options: Any) -> None:
        """Take options of the client, those of the settings being the default. In Django's ``MAILERS`` they are the
        OPTIONS of a mailer, ``api_token`` and ``fail_silently`` among them, and an unknown one raises InvalidMailer.
        Without, Django's own for SMTP (host, username and so on) mean nothing here."""
        known = set(ClientOptions.__annotations__)
        if alias is None:
            known -= {"host", "port"}
        self._token: str | None = options.pop("api_token", None)
        self._options = {name: options.pop(name) for name in known & set(options)}
        if not _MAILERS:
            super().__init__(fail_silently=fail_silently)
        else:
            super().__init__(alias=alias, **(options if alias is not None else {}))
        self.fail_silently = fail_silently
        self._client: ApiClient | None = None
        self._lock = threading.RLock()

    def open(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]  # as Django documents it
        """Make a client if there is none; return whether it was made."""
        with self._lock:
            if self._client is not None:
                return False
            configured = {name: getattr(settings, name) for name in dir(settings) if name.startswith("POSTMARK_")}
            options = {f"POSTMARK_{name.upper()}": value for name, value in self._options.items()}
            token = {"POSTMARK_API_TOKEN": self._token} if self._token else {}
            self._client = ApiClient.from_config({**configured, **options, **token})
            return True

    def close(self) -> None:
        """Close the client."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send messages; return how many were accepted. A refused one raises, unless to fail silently; then it only
        does not count."""
        if not email_messages:
            return 0
        with self._lock:
            opened = self.open()
            try:
                return self._send([message for message in email_messages if message.recipients()])
            finally:
                if opened:
                    self.close()

    def _send(self, messages: Sequence[EmailMessage]) -> int:
        composed: list[tuple[EmailMessage, dict[str, Any]]] = []
        for message in messages:
            try:
                composed.append((message, fields_of(message)))
            except Exception as error:
                # Django's own message() raises many things for headers and attachments that make no mail.
                vars(message)["postmark_response"] = error
                if not self.fail_silently:
                    raise
        plain = [pair for pair in composed if not _templated(pair[1])]
        templated = [pair for pair in composed if _templated(pair[1])]
        return self._send_kind(plain, templated=False) + self._send_kind(templated, templated=True)

    def _send_kind(self, pairs: list[tuple[EmailMessage, dict[str, Any]]], *, templated: bool) -> int:
        assert self._client is not None
        if not pairs:
            return 0
        client = self._client
        try:
            send = client.deliver_in_batches_with_templates if templated else client.deliver_in_batches
            results: Sequence[SendResult | None] = send([fields for _, fields in pairs])
        except (Error, ValueError, TypeError) as error:
            results = getattr(error, "results", [None] * len(pairs))
            self._note(pairs, results, error)
            if not self.fail_silently:
                raise
            return sum(result is not None and result.ok for result in results)
        self._note(pairs, results, None)
        if isinstance(results, BatchResult) and not self.fail_silently:
            results.raise_for_errors()
        return sum(result is not None and result.ok for result in results)

    @staticmethod
    def _note(
        pairs: list[tuple[EmailMessage, dict[str, Any]]],
        results: Sequence[SendResult | None],
        error: Exception | None,
    ) -> None:
        for (message, _), result in zip(pairs, results, strict=True):
            vars(message)["postmark_response"] = error if result is None else result


def _templated(fields: dict[str, Any]) -> bool:
    return bool(fields.get("TemplateId") or fields.get("TemplateAlias"))


def _option(field: str, value: Any) -> dict[str, Any]:
    if field == "Tag" and not isinstance(value, str):
        if len(value) > 1:
            raise ValueError(f"tags has {len(value)} tags, and Postmark takes one")
        return {field: next(iter(value), None)}
    if field == "TrackLinks" and isinstance(value, bool):
        return {field: "HtmlAndText" if value else "None"}
    if field == "TemplateId":
        return {field: int(value)} if str(value).isdigit() else {"TemplateAlias": value}
    return {field: value}


def fields_of(message: EmailMessage) -> dict[str, Any]:
    """Return a Django message by Postmark's names. Raises what Django's own ``message()`` raises for a bad one."""
    fields = to_fields(message.message())
    fields["Bcc"] = list(message.bcc)
    for attribute, field in _OPTIONS.items():
        value: Any = getattr(message, attribute, None)
        if value is not None:
            fields |= _option(field, value)
    fields |= getattr(message, "esp_extra", None) or {}
    if _templated(fields):
        for name in ("Subject", "TextBody", "HtmlBody"):
            fields.pop(name, None)
        fields.setdefault("TemplateModel", {})
    return {name: value for name, value in fields.items() if value is not None and value != []}

"""Received mail: what Postmark posts of it, with attachments as bytes, and as an e-mail message again."""

import os
from base64 import b64decode
from collections.abc import Mapping
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default
from functools import cached_property
from pathlib import Path
from typing import Any

from carom.wire.hooks import ReceivedFile, ReceivedMail

__all__ = ["InboundAttachment", "InboundMessage", "parse"]


class InboundAttachment:
    """A file of a received message."""

    def __init__(self, file: ReceivedFile) -> None:
        """Take a posted file."""
        self.name = file.name or "attachment"
        self.content_type = file.content_type or "application/octet-stream"
        self.content_id = file.content_id or None
        self._base64 = file.content_ or file.data_ or ""

    @cached_property
    def content(self) -> bytes:
        """What the file holds. Letters that are no base64 are passed over."""
        kept = "".join(self._base64.split()).rstrip("=")
        return b64decode(kept + "=" * (-len(kept) % 4))

    def save(self, directory: str | os.PathLike[str]) -> Path:
        """Write the file into a directory and return where. The name is stripped of any path; a file that is there is
        not overwritten: the new one gets a number."""
        name = self.name.replace("\\", "/").rpartition("/")[2].replace("\0", "").lstrip(".").strip() or "attachment"
        stem, dot, ending = name.rpartition(".")
        for number in range(10_000):
            named = name if not number else f"{stem or ending}-{number}{dot if stem else ''}{ending if stem else ''}"
            path = Path(directory) / named
            try:
                with path.open("xb") as file:
                    file.write(self.content)
            except FileExistsError:
                continue
            return path
        raise FileExistsError(f"{directory} has 10,000 files named like {name!r}")

    def __repr__(self) -> str:
        """Return name and type."""
        return f"InboundAttachment({self.name!r}, {self.content_type})"


class InboundMessage(ReceivedMail, frozen=True, kw_only=True):
    """A received message. ``to_full``, ``cc_full``, ``bcc_full`` and ``headers`` are lists, empty where there is
    nothing. https://postmarkapp.com/developer/webhooks/inbound-webhook."""

    @property
    def attachments(self) -> list[InboundAttachment]:
        """Its files."""
        return [InboundAttachment(file) for file in self.files]

    def header(self, name: str) -> str | None:
        """Return the first header of a name, in any case; None if there is none."""
        return next(iter(self.headers_all(name)), None)

    def headers_all(self, name: str) -> list[str]:
        """Return every header of a name, in order."""
        return [header.value for header in self.headers if (header.name or "").lower() == name.lower()]

    @property
    def spam_score(self) -> float | None:
        """What SpamAssassin gave it; None if the header is not there."""
        try:
            return float(self.header("X-Spam-Score") or "")
        except ValueError:
            return None

    @property
    def spam_status(self) -> str | None:
        """Whether SpamAssassin takes it for spam: Yes or No, as in the header."""
        return self.header("X-Spam-Status")

    def to_email_message(self) -> EmailMessage:
        """Return it as an e-mail message: the raw one if Postmark posted it, else one made from what it posted."""
        if self.raw_email:
            parser = BytesParser(EmailMessage, policy=SMTP)
            return parser.parsebytes(self.raw_email.encode("utf-8", "surrogateescape"))
        return _rebuilt(self)


_NAMED = {"From": "from_", "To": "to", "Cc": "cc", "Bcc": "bcc", "Reply-To": "reply_to", "Subject": "subject"}


def _rebuilt(mail: InboundMessage) -> EmailMessage:
    message = EmailMessage(policy=default)
    for name, attribute in {**_NAMED, "Date": "date"}.items():
        value: str | None = getattr(mail, attribute)
        if value:
            message[name] = _line(value)
    for header in mail.headers:
        if header.name and header.name.lower() not in _WRITTEN and not message.get(header.name):
            message[header.name] = _line(header.value or "")
    if mail.text_body or not mail.html_body:
        message.set_content(mail.text_body or "")
        if mail.html_body:
            message.add_alternative(mail.html_body, subtype="html")
    else:
        message.set_content(mail.html_body, subtype="html")
    for file in mail.attachments:
        kind, _, subtype = file.content_type.partition(";")[0].strip().partition("/")
        message.add_attachment(
            file.content,
            maintype=kind if subtype else "application",
            subtype=subtype or "octet-stream",
            filename=file.name,
            cid=f"<{file.content_id.strip('<>')}>" if file.content_id else None,
        )
    return message


_WRITTEN = {"content-type", "content-transfer-encoding", "content-disposition", "mime-version"}


def _line(text: str) -> str:
    return " ".join(text.split())


def parse(body: bytes | str | Mapping[str, Any]) -> InboundMessage:
    """Read what Postmark posted of a received message. What is missing is None or an empty list. Raises DecodeError
    for what is no JSON object."""
    from carom.webhooks import posted
    from carom.wire.tolerant import read
    from carom.wire.value import Answer, attach

    found, raw = posted(body)
    message: InboundMessage = read(found, InboundMessage)
    attach(message, Answer(raw))
    return message

"""The mails that everybody is given: one address each, a text and an HTML body, a tag and metadata; 1.8 KB of JSON."""

import json
from typing import Any

FROM = "Shop <shop@example.com>"
TEXT = "Hello, your order is on its way.\n" * 15
HTML = "<p>Hello, <b>your order</b> is on its way.</p>\n" * 22


def mail(number: int) -> dict[str, Any]:
    """Return a mail as the API takes it."""
    return {
        "From": FROM,
        "To": f"Customer {number} <customer-{number}@shop{number % 40}.example.org>",
        "Subject": f"Your order {number}",
        "Tag": "order",
        "Metadata": {"order": str(number)},
        "TextBody": TEXT,
        "HtmlBody": HTML,
    }


def request(path: str, token: str, value: object) -> bytes:
    """Return an HTTP request, whole."""
    body = json.dumps(value).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
        f"X-Postmark-Server-Token: {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def message(number: int) -> bytes:
    """Return a mail as SMTP takes it, the end of DATA included."""
    found = mail(number)
    boundary = f"=_alternative-{number}"
    parts = "".join(
        f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{text}\r\n"
        for kind, text in (("plain", TEXT.replace("\n", "\r\n")), ("html", HTML.replace("\n", "\r\n")))
    )
    return (
        f"From: {found['From']}\r\nTo: {found['To']}\r\nSubject: {found['Subject']}\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n{parts}--{boundary}--\r\n.\r\n'
    ).encode()

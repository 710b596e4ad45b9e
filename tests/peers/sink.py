"""A mail system that takes everything and counts: aiosmtpd, which shares no code with ours."""

import contextlib
import re
from collections.abc import Generator
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session

from tests.peers.ports import free_port

_MESSAGE_ID = re.compile(rb"^X-PM-Message-Id: (\S+)\r?$", re.MULTILINE | re.IGNORECASE)


class Sink:
    """What was delivered: pairs of message id and recipient; the mails, and the envelope sender of each."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.deliveries: list[tuple[str, str]] = []
        self.mails: list[bytes] = []
        self.senders: list[str] = []

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        """Count a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        found = _MESSAGE_ID.search(content)
        self.senders.append(envelope.mail_from or "")
        self.mails.append(content)
        for recipient in envelope.rcpt_tos:
            self.deliveries.append((found[1].decode() if found else "", recipient))
        return "250 2.0.0 Counted"


@contextlib.contextmanager
def running_sink() -> Generator[Sink]:
    """Run a sink on loopback."""
    sink = Sink("127.0.0.1", free_port())
    controller = Controller(sink, hostname=sink.host, port=sink.port, ready_timeout=30)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()

"""Load on a server that dies again and again: threads that send by HTTP and by SMTP, and what they were promised."""

import contextlib
import random
import smtplib
import threading
from collections.abc import Generator
from itertools import count
from typing import Literal

from carom import ApiClient, Error
from carom.server.config import HostPort
from tests.e2e.bouncing import FROM, at_test_domain

HTTP_SENDERS = 3
SMTP_SENDERS = 2
PAUSE = 0.08
"""Seconds between two mails of a sender, on average: deliveries are to keep up. A kill repeats what is between the
remote's 250 and our commit, so the promise to test is about how short that is, not about how many are sent at once."""

Kind = Literal["delivered", "refused", "returned"]


class Load:
    """Sends until it is stopped. ``accepted`` tells of each MessageID that was answered for what is to become of it."""

    def __init__(self, token: str, http: HostPort, smtp: HostPort) -> None:
        """Send to the server that listens there, whenever one does."""
        self.accepted: dict[str, Kind] = {}
        self.refused = 0
        self.unanswered = 0
        self._token, self._http, self._smtp = token, http, smtp
        self._numbers = count()
        self._lock = threading.Lock()
        self._up = threading.Event()
        self._stop = threading.Event()
        self._more = threading.Condition(self._lock)

    @contextlib.contextmanager
    def running(self) -> Generator[None]:
        """Send while the block runs."""
        threads = [
            *(threading.Thread(target=self._send_by_http) for _ in range(HTTP_SENDERS)),
            *(threading.Thread(target=self._send_by_smtp) for _ in range(SMTP_SENDERS)),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._up.set()
            for thread in threads:
                thread.join(60)

    def up(self) -> None:
        """Say that the server listens."""
        self._up.set()

    def down(self) -> None:
        """Say that it does not."""
        self._up.clear()

    def wait_for(self, more: int, seconds: float) -> bool:
        """Wait until so many more are accepted; False when that takes too long."""
        with self._more:
            wanted = len(self.accepted) + more
            return self._more.wait_for(lambda: len(self.accepted) >= wanted, seconds)

    def _mail(self) -> tuple[str, Kind]:
        """Choose the next recipient: each has an address of its own."""
        number = next(self._numbers)
        if number % 10 == 3:
            return at_test_domain(f"hardbounce+n{number}"), "refused"
        if number % 10 == 7:
            return at_test_domain(f"softbounce+later+n{number}"), "returned"
        return f"a{number}@example.org", "delivered"

    def _note(self, message_id: str, kind: Kind) -> None:
        with self._more:
            self.accepted[message_id] = kind
            self._more.notify_all()

    def _send_by_http(self) -> None:
        with ApiClient(self._token, base_url=f"http://{self._http}", max_retries=0) as client:
            while self._goes_on():
                to, kind = self._mail()
                try:
                    sent = client.deliver(from_=FROM, to=to, subject="Crash", text_body="Hello " * 100)
                except Error as error:  # no answer, or 503 while the store is away
                    self._failed(answered=hasattr(error, "error_code"))
                    continue
                assert sent.message_id is not None
                self._note(sent.message_id, kind)

    def _send_by_smtp(self) -> None:
        while self._goes_on():
            try:
                with smtplib.SMTP(self._smtp.host, self._smtp.port, timeout=10) as smtp:
                    smtp.login(self._token, self._token)
                    while self._goes_on():
                        self._submit(smtp)
            except (smtplib.SMTPException, OSError):
                self._failed(answered=False)

    def _submit(self, smtp: smtplib.SMTP) -> None:
        to, kind = self._mail()
        smtp.mail(FROM)
        smtp.rcpt(to)
        code, text = smtp.data(f"From: {FROM}\r\nTo: {to}\r\nSubject: Crash\r\n\r\n{'Hello ' * 100}\r\n".encode())
        if code == 250:
            self._note(text.decode().rpartition("OK: ")[2].strip(), kind)
        else:
            self._failed(answered=True)

    def _failed(self, *, answered: bool) -> None:
        with self._lock:
            if answered:
                self.refused += 1
            else:
                self.unanswered += 1

    def _goes_on(self) -> bool:
        self._stop.wait(PAUSE * random.random() * 2)
        self._up.wait(60)
        return not self._stop.is_set()

"""What people do with a server, again and again: send, bounce, list, read the dump, reactivate; a hook is told."""

import contextlib
import threading
from collections.abc import Generator
from itertools import count

from carom import ApiClient, Error
from tests.e2e.bouncing import FROM, at_test_domain

SENDERS = 4
PAUSE = 0.04
"""Seconds between two mails of a sender."""
READ_SECONDS = 2.0
BOUNCING = 40
"""How many addresses bounce: each is reactivated and bounces again, so that no list of them grows by itself."""


class Load:
    """Sends and reads until it is stopped."""

    def __init__(self, url: str, token: str) -> None:
        """Work on a server."""
        self._url, self._token = url, token
        self._numbers = count()
        self._stop = threading.Event()
        self.sent = self.refused = self.activated = 0

    @contextlib.contextmanager
    def running(self) -> Generator[None]:
        """Work while the block runs. Raises what a thread raised."""
        faults: list[Exception] = []

        def run(work: object) -> None:
            assert callable(work)
            try:
                work()
            except Exception as error:  # noqa: BLE001  it is raised below
                faults.append(error)

        works = [*[self._send] * SENDERS, self._read]
        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(60)
        if faults:
            raise faults[0]

    def _client(self) -> ApiClient:
        return ApiClient(self._token, base_url=self._url)

    def _send(self) -> None:
        with self._client() as client:
            while not self._stop.wait(PAUSE):
                number = next(self._numbers)
                kind = ("hardbounce", "softbounce+later", "blocked")[number % 3]
                bounces = number % 5 == 0
                to = at_test_domain(f"{kind}+n{number % BOUNCING}") if bounces else f"a{number}@example.org"
                try:
                    client.deliver(
                        from_=FROM,
                        to=to,
                        subject="Soak",
                        tag="soak",
                        html_body=f"<p>{'Hello ' * 200}</p>",
                        track_opens=True,
                    )
                    self.sent += 1
                except Error as error:
                    if getattr(error, "error_code", None) != 406:  # an address that waits to be reactivated
                        raise
                    self.refused += 1

    def _read(self) -> None:
        with self._client() as client:
            while not self._stop.wait(READ_SECONDS):
                client.get_messages(count=50, offset=0)
                client.get_stats_totals()
                for bounce in client.get_bounces(count=50, offset=0, inactive=True):
                    if bounce.can_activate:
                        client.dump_bounce(bounce.id)
                        client.activate_bounce(bounce.id)
                        self.activated += 1

"""A contender of ``bench.client``: reads "case calls" lines, makes the calls, says what they took."""
# pyright: basic, reportMissingImports=false

import asyncio
import json
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

TOKEN = "11111111-2222-3333-4444-555555555555"
BODY = "Hello, this is a message of a usual length. " * 4
WIRE = {"From": "sender@example.com", "To": "receiver@example.com", "Subject": "Hello", "TextBody": BODY}
SNAKE: dict[str, Any] = {
    "from_": "sender@example.com",
    "to": "receiver@example.com",
    "subject": "Hello",
    "text_body": BODY,
}

Case = Callable[[], Any]


def carom_async(url: str) -> dict[str, Callable[[], Awaitable[Any]]]:
    """Return the calls of Carom's async client."""
    from carom import AsyncApiClient

    return _carom(AsyncApiClient(TOKEN, base_url=url))


def carom_httpx2(url: str) -> dict[str, Callable[[], Awaitable[Any]]]:
    """Return the calls of Carom's async client over httpx2."""
    from carom import AsyncApiClient

    return _carom(AsyncApiClient(TOKEN, base_url=url, transport="httpx2"))


def _carom(client: Any) -> dict[str, Callable[[], Awaitable[Any]]]:
    return {
        "small": lambda: client.deliver(**SNAKE),
        "list500": lambda: client.get_bounces(count=500),
        "batch500": lambda: client.deliver_in_batches([WIRE] * 500),
        "c50": lambda: client.deliver(**SNAKE),
    }


def official(url: str) -> dict[str, Callable[[], Awaitable[Any]]]:
    """Return the calls of postmark-python."""
    import postmark

    client = postmark.ServerClient(TOKEN, base_url=url)
    message = {"sender": WIRE["From"], "to": WIRE["To"], "subject": WIRE["Subject"], "text_body": BODY}
    return {
        "small": lambda: client.outbound.send(message),
        "list500": lambda: client.bounces.list(count=500),
        "batch500": lambda: client.outbound.send_batch([message] * 500),
        "c50": lambda: client.outbound.send(message),
    }


def carom_sync(url: str) -> dict[str, Case]:
    """Return the calls of Carom's sync client."""
    from carom import ApiClient

    client = ApiClient(TOKEN, base_url=url)
    return {
        "small": lambda: client.deliver(**SNAKE),
        "list500": lambda: client.get_bounces(count=500),
        "batch500": lambda: client.deliver_in_batches([WIRE] * 500),
    }


def postmarker(url: str) -> dict[str, Case]:
    """Return the calls of postmarker."""
    from postmarker.core import PostmarkClient

    client = PostmarkClient(server_token=TOKEN, root_api_url=url + "/")
    return {
        "small": lambda: client.emails.send(**WIRE),
        "list500": lambda: client.bounces.all(count=500),
        "batch500": lambda: client.emails.send_batch(*[WIRE] * 500),
    }


def raw(url: str) -> dict[str, Case]:
    """Return a loop over a socket with the same encoding and decoding."""
    import msgspec

    from carom import SendResult

    place = urlsplit(url)
    assert place.hostname is not None
    assert place.port is not None
    sock = socket.create_connection((place.hostname, place.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    decoder = msgspec.json.Decoder(SendResult)

    def send() -> SendResult:
        body = msgspec.json.encode(WIRE)
        sock.sendall(b"POST /email HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        head, _, rest = sock.recv(65536).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        return decoder.decode(rest)

    return {"small": send}


async def at_once(call: Callable[[], Awaitable[Any]], calls: int, width: int) -> None:
    """Make calls, so many at a time."""
    left = iter(range(calls))

    async def one() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(one() for _ in range(width)))


def said(wall: float, cpu: float) -> None:
    """Say what the calls took."""
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}), flush=True)


async def serve_async(make: Callable[[str], dict[str, Callable[[], Awaitable[Any]]]], url: str) -> None:
    """Make calls as told, with an async client."""
    cases = make(url)
    while line := await asyncio.to_thread(sys.stdin.readline):
        case, calls = line.split()
        wall, cpu = time.perf_counter(), time.process_time()
        await at_once(cases[case], int(calls), 50 if case == "c50" else 1)
        said(wall, cpu)


def serve_sync(make: Callable[[str], dict[str, Case]], url: str) -> None:
    """Make calls as told."""
    cases = make(url)
    for line in sys.stdin:
        case, calls = line.split()
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(calls)):
            cases[case]()
        said(wall, cpu)


ASYNC = {"carom_async": carom_async, "carom_httpx2": carom_httpx2, "official": official}
SYNC = {"carom_sync": carom_sync, "postmarker": postmarker, "raw": raw}

if __name__ == "__main__":
    name, at = sys.argv[1:]
    if name in ASYNC:
        asyncio.run(serve_async(ASYNC[name], at))
    else:
        serve_sync(SYNC[name], at)

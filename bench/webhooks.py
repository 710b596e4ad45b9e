"""How long a good hook waits for an event, alone and beside three bad ones on the same stream: one takes 30 s to answer, one
answers a gigabyte, one never answers.

Mails are sent at a steady pace; a time is from the API's 200 to the Delivery event at the good hook, delivery by SMTP in
between. Each half has as many; the ratio is that of the 99th hundredths.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from carom import AsyncApiClient
from carom.testing import LocalServer

MAILS = 400
PER_SECOND = 25
SLOW_SECONDS = 30.0
GIGABYTE = 1_000_000_000
CHUNK = b"O" * 65536
GATE = 2.0
WAIT_SECONDS = 30.0
BAD = ("/slow", "/flood", "/never")


class Endpoints:
    """The hooks: what the good one was told and when, by message; how many posts each got, and how much of the flood went."""

    def __init__(self) -> None:
        """Begin."""
        self.told: dict[str, float] = {}
        self.posts: dict[str, int] = {}
        self.flooded = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._over = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer what is posted on a connection."""
        self._open.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    await self._once(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _once(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        path = head.split(b" ", 2)[1].decode()
        self.posts[path] = self.posts.get(path, 0) + 1
        if path == "/good":
            self.told[json.loads(body)["MessageID"]] = time.perf_counter()
        elif path == "/slow":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), SLOW_SECONDS)
        elif path == "/never":
            await self._over.wait()
        elif path == "/flood":
            await self._flood(writer)
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")

    async def _flood(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIGABYTE)
        for _ in range(0, GIGABYTE, len(CHUNK)):
            writer.write(CHUNK)
            await writer.drain()
            self.flooded += len(CHUNK)

    async def close(self) -> None:
        """Let go of who still waits."""
        self._over.set()
        while self._open:
            for writer in list(self._open):
                writer.transport.abort()
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def listening() -> AsyncGenerator[tuple[str, Endpoints]]:
    """Run the hooks."""
    endpoints = Endpoints()
    server = await asyncio.start_server(endpoints.answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", endpoints
    finally:
        server.close()
        await endpoints.close()


async def waits(client: AsyncApiClient, endpoints: Endpoints, kind: str) -> list[float]:
    """Send mails at the pace, and return how long the good hook waited for each. Raises RuntimeError when one is not told."""
    sent: dict[str, float] = {}
    begun = time.perf_counter()
    for number in range(MAILS):
        await asyncio.sleep(max(0.0, begun + number / PER_SECOND - time.perf_counter()))
        answer = await client.deliver(from_="a@example.com", to=f"{kind}{number}@example.org", text_body="Hello")
        assert answer.message_id is not None
        sent[answer.message_id] = time.perf_counter()
    until = time.perf_counter() + WAIT_SECONDS
    while missing := sent.keys() - endpoints.told.keys():
        if time.perf_counter() > until:
            raise RuntimeError(f"{len(missing)} of {MAILS} events have not come")
        await asyncio.sleep(0.05)
    return sorted(endpoints.told[one] - at for one, at in sent.items())


def p99(times: list[float]) -> float:
    """Return the 99th hundredth, in milliseconds."""
    return times[len(times) * 99 // 100] * 1e3


async def measure(server: LocalServer) -> tuple[list[float], list[float], Endpoints]:
    """Measure both halves."""
    triggers: Mapping[str, Any] = {"Delivery": {"Enabled": True}}
    async with listening() as (url, endpoints), AsyncApiClient(server.server_token, base_url=server.url) as client:
        await client.create_webhook(url=f"{url}/good", triggers=triggers)
        await waits(client, endpoints, "warm")
        alone = await waits(client, endpoints, "alone")
        for path in BAD:
            await client.create_webhook(url=f"{url}{path}", triggers=triggers)
        beside = await waits(client, endpoints, "beside")
        return alone, beside, endpoints


def main() -> None:
    """Print a table and the ratio."""
    with LocalServer(process=True) as server:
        alone, beside, endpoints = asyncio.run(measure(server))
    print(f"{MAILS} events at {PER_SECOND} a second{'':10}{'median ms':>12}{'p99 ms':>10}")
    for name, times in (("alone", alone), ("beside three bad ones", beside)):
        print(f"{name:40}{times[len(times) // 2] * 1e3:9.1f}{p99(times):10.1f}")
    print(
        f"posts: {endpoints.posts}; of each gigabyte {endpoints.flooded / endpoints.posts['/flood'] / 1e6:.1f} MB went out"
    )
    ratio = round(p99(beside) / p99(alone), 2)
    print(f"good_p99_beside_bad {ratio:.2f}, at most {GATE}: {'ok' if ratio <= GATE else 'MISSED'}")
    print(json.dumps({"suite": "webhooks", "ratios": {"good_p99_beside_bad": ratio}}))


if __name__ == "__main__":
    main()

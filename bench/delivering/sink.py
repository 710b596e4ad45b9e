"""The recipients' system, a process of its own: takes every mail at once and counts. ``python -m bench.delivering.sink``.

Prints the port; then, for each number on stdin, waits until so many mails have come since the last one and prints the seconds
between the first and the last of them. One sink takes the mail of all contenders, so what it costs is the same for each.
"""

import asyncio
import sys
import time
from typing import cast

import uvloop


class Counting(asyncio.Protocol):
    """A connection: PIPELINING offered, replies to whole segments written at once."""

    count = 0
    first = last = 0.0
    wanted: "asyncio.Future[None] | None" = None
    goal = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport, self.buffer, self.reading = cast("asyncio.Transport", transport), bytearray(), False
        self.transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every line; after DATA, the end of the mail."""
        self.buffer += data
        said = bytearray()
        while True:
            end = self.buffer.find(b"\r\n.\r\n" if self.reading else b"\r\n")
            if end < 0:
                break
            if self.reading:
                del self.buffer[: end + 5]
                self.reading = False
                self.took()
                said += b"250 2.0.0 taken\r\n"
                continue
            verb = bytes(self.buffer[:4]).upper()
            del self.buffer[: end + 2]
            self.reading = verb == b"DATA"
            said += {
                b"EHLO": b"250-sink.example\r\n250-PIPELINING\r\n250-SIZE\r\n250 8BITMIME\r\n",
                b"DATA": b"354 go\r\n",
                b"QUIT": b"221 bye\r\n",
            }.get(verb, b"250 ok\r\n")
        if said:
            self.transport.write(bytes(said))

    def took(self) -> None:
        """Count a mail."""
        Counting.last = time.perf_counter()
        Counting.first = Counting.first or Counting.last
        Counting.count += 1
        if Counting.count >= Counting.goal and Counting.wanted is not None and not Counting.wanted.done():
            Counting.wanted.set_result(None)


async def main() -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Counting, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        Counting.goal, Counting.wanted = int(line), loop.create_future()
        if Counting.count < Counting.goal:
            await Counting.wanted
        print(Counting.last - Counting.first, flush=True)
        Counting.count, Counting.first = 0, 0.0


if __name__ == "__main__":
    uvloop.run(main())

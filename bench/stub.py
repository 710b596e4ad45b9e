"""A stub of the API: three answers, as fast as asyncio can give them."""

import asyncio
import json
from collections.abc import Callable

SENT = {
    "To": "receiver@example.com",
    "SubmittedAt": "2026-03-17T07:25:01.4178645-05:00",
    "MessageID": "0a129aee-e1cd-480d-b08d-4f48548ff48d",
    "ErrorCode": 0,
    "Message": "OK",
}
BOUNCE = {
    "RecordType": "Bounce",
    "ID": 692560173,
    "Type": "HardBounce",
    "TypeCode": 1,
    "Name": "Hard bounce",
    "Tag": "Invitation",
    "MessageID": "2c1b63fe-43f2-4db5-91b0-8bdfa44a9316",
    "ServerID": 23,
    "MessageStream": "outbound",
    "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
    "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
    "Email": "anything@example.com",
    "From": "sender@example.com",
    "BouncedAt": "2026-01-15T16:09:19.6421112-05:00",
    "DumpAvailable": True,
    "Inactive": True,
    "CanActivate": True,
    "Subject": "SC API5 Test",
}


def answer(value: object) -> bytes:
    """Write an answer."""
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


ANSWERS = {
    b"POST /email ": answer(SENT),
    b"GET /bounces": answer({"TotalCount": 500, "Bounces": [{**BOUNCE, "ID": n} for n in range(500)]}),
    b"POST /email/batch": answer([SENT] * 500),
}


class Stub(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        """Wait for a request."""
        self.pending = b""
        self.write: Callable[[bytes], None] = lambda _: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.WriteTransport)
        self.write = transport.write

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self.pending += data
        while True:
            end = self.pending.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.pending[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.pending) < end + 4 + length:
                return
            line = self.pending.split(b"\r\n", 1)[0].replace(b"//", b"/")
            found = next((said for start, said in ANSWERS.items() if line.startswith(start)), ANSWERS[b"POST /email "])
            self.pending = self.pending[end + 4 + length :]
            self.write(found)


async def main() -> None:
    """Serve for ever."""
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

"""Reading an HTTP/1.1 answer out of the bytes that come: status, headers, and a body by length, by chunks, or to the
end. It does no I/O: both networks use it.

http.client and aiohttp take longer than all the rest of a small call.
"""

from collections.abc import Generator

from carom.client.transports.seam import Reply

_MOST_HEAD = 256 * 1024

Steps = Generator[None, bytes, "tuple[Reply, bool]"]
Part = Generator[None, bytes, bytes]


class BadAnswer(ValueError):
    """What came is no HTTP answer, or not all of one."""


class AnswerParser:
    """Reads one answer to a method. ``begun`` tells whether any of it came; ``reply``, once it is whole, what it is,
    and ``reusable`` whether the connection can be used again."""

    begun = False
    reply: Reply
    reusable = False

    def __init__(self, method: str) -> None:
        """Wait for the first bytes."""
        self._method = method
        self._pending = b""
        self._steps = self._answer()
        next(self._steps)

    def feed(self, piece: bytes) -> bool:
        """Take what came, nothing for the end of the connection; return whether the answer is whole. Raises
        BadAnswer."""
        self.begun = self.begun or bool(piece)
        try:
            self._steps.send(piece)
        except StopIteration as whole:
            self.reply, self.reusable = whole.value
            return True
        return False

    def _answer(self) -> Steps:
        status, version, headers = self._head((yield from self._until(b"\r\n\r\n")))
        while status < 200 and status != 101:
            status, version, headers = self._head((yield from self._until(b"\r\n\r\n")))
        length = headers.get("content-length")
        ended = False
        if self._method == "HEAD" or status in {204, 304} or (self._method == "CONNECT" and status == 200):
            body = b""
        elif "chunked" in headers.get("transfer-encoding", "").lower():
            body = yield from self._chunks()
        elif length is not None:
            if not (length.isascii() and length.isdigit()):
                raise BadAnswer("the answer's length is no number")
            body = yield from self._exactly(int(length))
        else:
            body, ended = (yield from self._rest()), True
        said = headers.get("connection", "").lower()
        keeps = said != "close" if version == b"HTTP/1.1" else said == "keep-alive"
        return Reply(status, headers, body), keeps and not ended and not self._pending

    def _head(self, text: bytes) -> tuple[int, bytes, dict[str, str]]:
        line, *rest = text.split(b"\r\n")
        version, _, after = line.partition(b" ")
        if not version.startswith(b"HTTP/1.") or not after[:3].isdigit():
            raise BadAnswer("what came is no HTTP answer")
        headers: dict[str, str] = {}
        for header in rest:
            name, colon, value = header.partition(b":")
            if not colon:
                raise BadAnswer("a header of the answer cannot be read")
            headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
        return int(after[:3]), version, headers

    def _until(self, mark: bytes) -> Part:
        while (at := self._pending.find(mark)) < 0:
            if len(self._pending) > _MOST_HEAD:
                raise BadAnswer("the answer's head has no end")
            piece = yield
            if not piece:
                raise BadAnswer("the connection was closed")
            self._pending += piece
        found, self._pending = self._pending[:at], self._pending[at + len(mark) :]
        return found

    def _exactly(self, length: int) -> Part:
        pieces, had = [self._pending], len(self._pending)
        while had < length:
            piece = yield
            if not piece:
                raise BadAnswer(f"the connection was closed after {had} of {length} bytes")
            pieces.append(piece)
            had += len(piece)
        whole = b"".join(pieces) if len(pieces) > 1 else pieces[0]
        self._pending = whole[length:]
        return whole[:length] if len(whole) > length else whole

    def _rest(self) -> Part:
        pieces = [self._pending]
        self._pending = b""
        while piece := (yield):
            pieces.append(piece)
        return b"".join(pieces)

    def _chunks(self) -> Part:
        chunks: list[bytes] = []
        while True:
            size = (yield from self._until(b"\r\n")).partition(b";")[0].strip()
            try:
                length = int(size, 16)
            except ValueError as error:
                raise BadAnswer("a chunk of the answer has no length") from error
            if length <= 0:
                break
            chunks.append((yield from self._exactly(length)))
            if (yield from self._until(b"\r\n")):
                raise BadAnswer("a chunk of the answer is longer than it says")
        while (yield from self._until(b"\r\n")):
            pass  # trailers, which nobody reads
        return b"".join(chunks)

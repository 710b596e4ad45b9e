"""Reading an HTTP/1.1 answer off a socket: status, headers, and a body by length, by chunks, or to the end.

http.client reads headers with the e-mail parser, which takes longer than all the rest of a small call.
"""

import socket

from carom.client.transports.seam import Reply

_MOST_HEAD = 256 * 1024
_PIECE = 65536


class BadAnswer(ValueError):
    """What came is no HTTP answer, or not all of one."""


class AnswerReader:
    """Reads one answer. ``begun`` tells whether any of it came."""

    def __init__(self, sock: socket.socket) -> None:
        """Take the socket that the request was written to."""
        self._sock = sock
        self._pending = b""
        self.begun = False

    def read(self, method: str) -> tuple[Reply, bool]:
        """Return the answer, and whether the connection can be used again. Raises BadAnswer, OSError."""
        status, version, headers = self._head()
        while status < 200 and status != 101:
            status, version, headers = self._head()
        body, ended = self._body(method, status, headers)
        said = headers.get("connection", "").lower()
        keeps = said != "close" if version == b"HTTP/1.1" else said == "keep-alive"
        return Reply(status, headers, body), keeps and not ended and not self._pending

    def _more(self) -> bytes:
        piece = self._sock.recv(_PIECE)
        if piece:
            self.begun = True
        return piece

    def _until(self, mark: bytes) -> bytes:
        while (at := self._pending.find(mark)) < 0:
            piece = self._more()
            if not piece or len(self._pending) > _MOST_HEAD:
                raise BadAnswer("the connection was closed" if not piece else "the answer's head has no end")
            self._pending += piece
        found, self._pending = self._pending[:at], self._pending[at + len(mark) :]
        return found

    def _head(self) -> tuple[int, bytes, dict[str, str]]:
        line, *rest = self._until(b"\r\n\r\n").split(b"\r\n")
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

    def _body(self, method: str, status: int, headers: dict[str, str]) -> tuple[bytes, bool]:
        """Return the body, and whether only the end of the connection ended it."""
        if method == "HEAD" or status in {204, 304}:
            return b"", False
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self._chunks(), False
        length = headers.get("content-length")
        if length is not None:
            if not length.isdigit():
                raise BadAnswer("the answer's length is no number")
            return self._exactly(int(length)), False
        pieces = [self._pending]
        self._pending = b""
        while piece := self._more():
            pieces.append(piece)
        return b"".join(pieces), True

    def _exactly(self, length: int) -> bytes:
        pieces, had = [self._pending], len(self._pending)
        while had < length:
            piece = self._more()
            if not piece:
                raise BadAnswer(f"the connection was closed after {had} of {length} bytes")
            pieces.append(piece)
            had += len(piece)
        whole = b"".join(pieces) if len(pieces) > 1 else pieces[0]
        self._pending = whole[length:]
        return whole[:length] if len(whole) > length else whole

    def _chunks(self) -> bytes:
        chunks: list[bytes] = []
        while True:
            size = self._until(b"\r\n").partition(b";")[0].strip()
            try:
                length = int(size, 16)
            except ValueError as error:
                raise BadAnswer("a chunk of the answer has no length") from error
            if length == 0:
                while self._until(b"\r\n"):
                    pass
                return b"".join(chunks)
            chunks.append(self._exactly(length))
            if self._until(b"\r\n"):
                raise BadAnswer("a chunk of the answer is longer than it says")

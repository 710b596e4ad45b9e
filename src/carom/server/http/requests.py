"""What a request must be before its endpoint reads it: JSON, by its header; then the bytes of it."""

import zlib
from collections.abc import Mapping

from carom.server.rules.refusals import Refusal

JSON_TYPES = ("application/json", "text/json", "text/x-json")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What .NET's writers put in front of UTF-8."""
_EITHER_HEADER = 32 + zlib.MAX_WBITS
"""zlib finds out by itself which of the two a stream is: gzip, or deflate as HTTP means it."""
_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})


def json_of(headers: Mapping[bytes, bytes], body: bytes, limit: int) -> bytes:
    """Return the JSON of a body, inflated to ``limit`` bytes at most. Raises Refusal for one that says of itself to be
    something else; one that says nothing is taken for JSON, as several clients leave the header out."""
    if not body:
        return body
    said, coding = headers.get(b"content-type", b""), headers.get(b"content-encoding")
    kind = said.decode("latin-1").partition(";")[0].strip().lower()
    if kind and kind not in JSON_TYPES and not kind.endswith("+json"):
        raise Refusal(409)
    if coding:
        body = _inflated(body, coding.decode("latin-1").strip().lower(), limit)
    return body.removeprefix(BYTE_ORDER_MARK)


def _inflated(body: bytes, coding: str, limit: int) -> bytes:
    if coding in {"", "identity"}:
        return body
    if coding not in _COMPRESSED:
        raise Refusal(409, f"The Content-Encoding '{coding}' is not known: gzip and deflate are.")
    stream = zlib.decompressobj(_EITHER_HEADER)
    try:
        whole = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise Refusal(402, reason=f"it is no {coding}: {error}") from error
    if len(whole) > limit:
        raise Refusal(413, limit=f"{limit // 1_000_000} MB")
    if not stream.eof:
        raise Refusal(402, reason=f"its {coding} is cut off")
    return whole

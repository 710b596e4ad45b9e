"""What a client decides, without doing any of it: headers, which failure an outcome is, whether and when to try again,
how an answer is read."""

import random
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args
from urllib.parse import urlencode

import msgspec

from carom.client import errors
from carom.client._settings import RetryPolicy, Settings
from carom.client.errors import DecodeError, Error, HttpServerError
from carom.client.transports.seam import Reply, Request, Stage, TransportFault
from carom.wire._kinds import is_object
from carom.wire.endpoint import Encoded, Method, encode_json
from carom.wire.errors import ERRORS
from carom.wire.tolerant import WrongTop, read
from carom.wire.value import Answer, attach

T = TypeVar("T")

AUTH_HEADERS = {"server": "X-Postmark-Server-Token", "account": "X-Postmark-Account-Token"}

_BY_STATUS: dict[int, type[HttpServerError]] = {
    401: errors.InvalidApiKeyError,
    422: errors.ApiInputError,
    429: errors.RateLimitExceededError,
    500: errors.InternalServerError,
    503: errors.ServiceUnavailableError,
}
_BAD_TOKEN = 10

# Safe to repeat: everything but POST, after these. A POST only where the API says that it did nothing.
_REPEATED = frozenset({429, 500, 502, 503, 504})
_POST_REPEATED = frozenset({429, 503})
_MAYBE_DONE = frozenset({500, 502, 504})


def outgoing(settings: Settings, auth: tuple[str, str], encoded: Encoded, correlation: str) -> Request:
    """Write the request of a call; the same for every attempt."""
    headers = {
        settings.auth_header_name or auth[0]: auth[1],
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "User-Agent": settings.user_agent,
        "X-Postmark-Correlation-Id": correlation,
    }
    if encoded.body:
        headers["Content-Type"] = "application/json"
    if encoded.method == "POST" and encoded.path.startswith("/email"):
        headers["Idempotency-Key"] = correlation
    query = f"?{urlencode(encoded.query)}" if encoded.query else ""
    target = f"{settings.prefix}{encoded.path}{query}"
    return Request(encoded.method, target, headers, encoded.body, settings.read_timeout)


def error_class(status: int, code: int | None) -> type[HttpServerError]:
    """Return what a refusal raises. The code decides where it belongs to the status; code 10 always does."""
    row = ERRORS.get(code or 0)
    if row is not None and (status in {row.status, 422} or code == _BAD_TOKEN):
        named: type[HttpServerError] = getattr(errors, row.exception)
        return (
            named if status != 422 or issubclass(named, errors.ApiInputError) or code == _BAD_TOKEN else _BY_STATUS[422]
        )
    return _BY_STATUS.get(status, errors.UnexpectedHttpResponseError)


def refusal(request: Request, reply: Reply, now: datetime | None = None) -> HttpServerError | None:
    """Return the error that an answer is; None for a success, which is HTTP 200 and nothing else."""
    if reply.status == 200:
        return None
    code, message = _envelope(reply.body)
    is_post = request.method == "POST"
    return error_class(reply.status, code)(
        message or f"The API responded with HTTP status {reply.status}.",
        status_code=reply.status,
        error_code=code,
        body=reply.body,
        headers=reply.headers,
        request_id=reply.headers.get("x-request-id"),
        method=request.method,
        path=request.target.partition("?")[0],
        retry_after=_retry_after(reply.headers.get("retry-after"), now),
        retryable=reply.status in (_POST_REPEATED if is_post else _REPEATED),
        ambiguous=is_post and reply.status in _MAYBE_DONE,
    )


def _envelope(body: bytes) -> tuple[int | None, str]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, ""
    if not is_object(found):
        return None, ""
    code, message = found.get("ErrorCode"), found.get("Message")
    digits = str(code) if isinstance(code, (int, str)) else ""
    return int(digits) if digits.isdigit() else None, message if isinstance(message, str) else ""


def _retry_after(text: str | None, now: datetime | None) -> float | None:
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())


def broken(request: Request, fault: TransportFault) -> Error:
    """Return the error that a fault of the network is."""
    is_post = request.method == "POST"
    maybe_done = is_post and fault.stage >= Stage.WAITING
    return (errors.TimeoutError if fault.timeout else errors.ConnectionError)(
        str(fault),
        method=request.method,
        path=request.target.partition("?")[0],
        retryable=not maybe_done,
        ambiguous=maybe_done,
    )


def pause(policy: RetryPolicy, error: Error, attempt: int, spent: float, rng: random.Random) -> float | None:
    """Return the seconds to wait before the next attempt, ``attempt`` having been the last (from 1) and ``spent``
    seconds gone; None to give up."""
    if attempt > policy.max_retries or not (error.retryable or (error.ambiguous and policy.resend_ambiguous)):
        return None
    if error.retry_after is not None:
        seconds = error.retry_after
        if seconds > policy.max_backoff:
            return None
    else:
        seconds = min(policy.max_backoff, policy.backoff * 2 ** min(attempt - 1, 60))
        seconds = rng.uniform(seconds / 2, seconds) if policy.jitter else seconds
    return None if policy.deadline is not None and spent + seconds > policy.deadline else seconds


def unpacked(request: Request, reply: Reply) -> Reply:
    """Return an answer with its body as JSON, not gzip. Raises DecodeError."""
    if reply.headers.get("content-encoding", "identity").lower() != "gzip":
        return reply
    unpacker = zlib.decompressobj(31)
    try:
        body = unpacker.decompress(reply.body)
    except zlib.error as error:
        raise _unreadable(request, reply, "broken gzip") from error
    if not unpacker.eof:
        raise _unreadable(request, reply, "truncated gzip")
    return reply._replace(body=body)


_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    if kind not in _decoders:
        _decoders[kind] = msgspec.json.Decoder(kind)
    return _decoders[kind]


def decode(request: Request, reply: Reply, kind: type[T], *, tell: bool = True) -> T:
    """Read an answer, exactly if it is exact, else with tolerance; with ``tell`` each result knows its origin.
    Raises DecodeError."""
    result: T
    try:
        result = _decoder(kind).decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        result = _tolerant(request, reply, kind)
    if tell:
        attach(result, Answer(reply.body))
    return result


def decode_plain(request: Request, reply: Reply) -> Any:
    """Read an answer as plain JSON values. Raises DecodeError."""
    return decode(request, reply, dict[str, Any] if reply.body.lstrip()[:1] == b"{" else list[Any], tell=False)


def _tolerant(request: Request, reply: Reply, kind: type[T]) -> T:
    try:
        found: T = read(msgspec.json.decode(reply.body), kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(request, reply, "no JSON") from error
    except WrongTop as error:
        raise _unreadable(request, reply, str(error)) from error
    return found


def _unreadable(request: Request, reply: Reply, why: str) -> DecodeError:
    return DecodeError(
        f"The API's answer cannot be read: {why}.",
        status_code=reply.status,
        body=reply.body[:500],
        method=request.method,
        path=request.target.partition("?")[0],
        request_id=reply.headers.get("x-request-id"),
        ambiguous=request.method == "POST",
    )


def log_facts(
    request: Request, attempt: int, seconds: float, reply: Reply | None, error: Error | None
) -> Mapping[str, Any]:
    """Return what the log says about an attempt: no token, no body, no query."""
    return {
        "method": request.method,
        "path": request.target.partition("?")[0],
        "status": reply.status if reply else None,
        "duration_ms": round(seconds * 1000, 1),
        "error_code": getattr(error, "error_code", None),
        "request_id": reply.headers.get("x-request-id") if reply else None,
        "attempt": attempt,
    }


def checked_headers(headers: Mapping[Any, Any]) -> Mapping[str, str]:
    """Return headers of a caller. Raises ValueError for one that would break the request."""
    for name, value in headers.items():
        if not (isinstance(name, str) and isinstance(value, str)):
            raise TypeError(f"headers: {name!r} is not a text with a text")
        if not _HEADER_NAME.fullmatch(name) or any(letter in "\r\n\0" for letter in value) or not _latin(value):
            raise ValueError(f"headers: {name!r} cannot be sent")
    return headers


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH = re.compile(r"[!-\"$-~]+")  # printable ASCII, no blank and no fragment


def _latin(text: str) -> bool:
    return all(ord(letter) < 256 for letter in text)


def check_raw(method: object, path: object, timeout: object) -> None:
    """Check what a caller says of a raw call. Raises TypeError or ValueError."""
    if method not in get_args(Method):
        raise ValueError(f"method is one of {', '.join(get_args(Method))}, not {method!r}")
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise ValueError(f"path is what stands in a URL, quoted, not {path!r}")
    if timeout is not None and not (isinstance(timeout, (int, float)) and timeout > 0):
        raise ValueError(f"timeout is a number of seconds above 0, not {timeout!r}")


def raw_json(value: Any) -> bytes:
    """Write the body of a raw call. Raises TypeError or ValueError."""
    try:
        return encode_json(value)
    except UnicodeEncodeError as error:
        raise ValueError(f"json: {error}") from error
    except TypeError as error:
        raise TypeError(f"json: {error}") from error


def certain(reply: Reply | None) -> Reply:
    """Return the answer that must be there when there is no error."""
    assert reply is not None
    return reply

"""What the clients decide, without I/O: headers, what may be repeated, what an answer means, how a batch is cut."""

import os
import random
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec

from carom.client.errors import ConnectionError as NoConnection
from carom.client.errors import (
    DecodeError,
    Error,
    HttpClientError,
    HttpServerError,
    RateLimitExceededError,
    server_error,
)
from carom.client.errors import TimeoutError as NoAnswer
from carom.client.transports import Request, Response, Stage, TransportError
from carom.wire.email import MAX_BATCH, MAX_BATCH_BYTES
from carom.wire.endpoint import Ask, Endpoint

Req = TypeVar("Req", bound=Ask)
Res = TypeVar("Res")
T = TypeVar("T")

POSTMARK = "https://api.postmarkapp.com"
TOKEN_VARIABLES = {"server": ("POSTMARK_API_TOKEN", "POSTMARK_SERVER_TOKEN"), "account": ("POSTMARK_ACCOUNT_TOKEN",)}
PAGE_SIZE = 500
VERSION = "0.1.0"


class RetryPolicy(NamedTuple):
    """When to try again. Times are in seconds; with ``resend_ambiguous`` a send is repeated although the service may have
    taken it, which can send twice."""

    max_retries: int = 0
    backoff: float = 0.5
    max_backoff: float = 30.0
    jitter: bool = True
    resend_ambiguous: bool = False


class Options(NamedTuple):
    """What a client is told. Times are in seconds."""

    token: str | None
    kind: str = "server"
    base_url: str = POSTMARK
    connect_timeout: float = 60.0
    read_timeout: float = 60.0
    retry: RetryPolicy = RetryPolicy()
    max_batch_size: int = MAX_BATCH
    max_batch_bytes: int = MAX_BATCH_BYTES

    def require_token(self) -> str:
        """Return the token: the argument, else the environment's. Raises ValueError when there is none."""
        for token in (self.token, *(os.environ.get(name) for name in TOKEN_VARIABLES[self.kind])):
            if token and token.strip():
                return token.strip()
        names = " or ".join(TOKEN_VARIABLES[self.kind])
        raise ValueError(f"a {self.kind} token is needed: pass it to the client, or set {names}")


def options(
    token: str | None,
    kind: str,
    base_url: str | None,
    timeout: float | None,
    max_retries: int | None,
    retry: RetryPolicy | None,
) -> Options:
    """Read the arguments of a client; None means the default."""
    given = Options(token, kind, (base_url or os.environ.get("POSTMARK_API_URL") or POSTMARK).rstrip("/"))
    if timeout is not None:
        given = given._replace(connect_timeout=timeout, read_timeout=timeout)
    policy = retry or given.retry
    return given._replace(retry=policy if max_retries is None else policy._replace(max_retries=max_retries))


class Try(NamedTuple):
    """A call on its way: the request, and how often it has been tried."""

    request: Request
    attempts: int = 1


def start(settings: Options, endpoint: Endpoint[Req, Res], ask: Req) -> Try:
    """Write the request of a call. One id marks it through all its retries."""
    encoded = endpoint.encode(ask)
    call_id = str(uuid.uuid4())
    headers = {
        f"X-Postmark-{settings.kind.capitalize()}-Token": settings.require_token(),
        "Accept": "application/json",
        "User-Agent": f"carom/{VERSION} python/{sys.version_info.major}.{sys.version_info.minor}",
        "X-Postmark-Correlation-Id": call_id,
    }
    if encoded.body:
        headers["Content-Type"] = "application/json"
    if encoded.path.lower().startswith("/email"):
        headers["Idempotency-Key"] = call_id
    query = f"?{urlencode(encoded.query)}" if encoded.query else ""
    url = settings.base_url + encoded.path + query
    return Try(Request(encoded.method, url, headers, encoded.body, settings.connect_timeout, settings.read_timeout))


def finish(endpoint: Endpoint[Req, Res], request: Request, response: Response) -> Res:
    """Return what an answer holds. Raises HttpServerError or DecodeError."""
    if response.status != 200:
        path = request.url.partition("?")[0]
        raise server_error(response.status, response.headers, response.body, request.method, path)
    try:
        return endpoint.decode(response.body)
    except msgspec.DecodeError as error:
        raise DecodeError(
            f"the answer to {request.method} {request.url} cannot be read: {error}",
            status_code=response.status,
            body=response.body,
        ) from error


def no_answer(request: Request, failure: TransportError) -> HttpClientError:
    """Return the error that a transport's failure stands for."""
    kind = NoAnswer if failure.timed_out else NoConnection
    repeats = request.method != "POST"
    ambiguous = not repeats and failure.stage is Stage.WAIT
    where = f"{request.method} {request.url.partition('?')[0]}"
    return kind(f"{where}: {failure}", ambiguous=ambiguous, retryable=repeats or not ambiguous)


def pause(policy: RetryPolicy, attempts: int, error: Error) -> float | None:
    """Return how long to wait before trying again, None to give up."""
    if attempts > policy.max_retries or not isinstance(error, HttpClientError | HttpServerError):
        return None
    if not (error.retryable or (error.ambiguous and policy.resend_ambiguous)):
        return None
    if isinstance(error, RateLimitExceededError) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= policy.max_backoff else None
    wait: float = min(policy.backoff * 2 ** (attempts - 1), policy.max_backoff)
    return wait * random.uniform(0.5, 1) if policy.jitter else wait  # noqa: S311  no secret


def chunks(items: Iterable[bytes], max_items: int, max_bytes: int) -> Iterator[list[msgspec.Raw]]:
    """Cut encoded messages into batches, in order, none with too many messages or bytes."""
    batch: list[msgspec.Raw] = []
    size = 2
    for item in items:
        if batch and (len(batch) == max_items or size + len(item) + 1 > max_bytes):
            yield batch
            batch, size = [], 2
        batch.append(msgspec.Raw(item))
        size += len(item) + 1
    if batch:
        yield batch


def filters(given: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """Return the filters that were given. Raises TypeError for one that the call does not have."""
    unknown = set(given) - set(known)
    if unknown:
        raise TypeError(f"unknown filter: {', '.join(sorted(unknown))} (there are {', '.join(sorted(known))})")
    return {name: value for name, value in given.items() if value is not None}

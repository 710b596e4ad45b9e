# pyright: basic
"""Every network fault ends in one documented error, whoever makes the connections; no token is in any log, repr or
traceback of it, the variables of its frames included."""

import logging
import pickle
import socket
import ssl
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import trustme

import carom
from tests.client.conftest import TOKEN
from tests.client.scripts import MESSAGE, settle
from tests.client.test_transports import Open, after_reading, network, opened
from tests.client.wire_server import OK, Connection, Peer, serving, zipped

pytestmark = pytest.mark.anyio

__all__ = ["network", "opened"]

GZIPPED = "Content-Encoding: gzip\r\n"


def before_the_body(_: Peer, connection: Connection) -> None:
    connection.sock.recv(100)
    connection.reset()


def stall(peer: Peer, _: Connection) -> None:
    peer.released.wait(20)


def half(peer: Peer, connection: Connection) -> None:
    connection.answer(OK[:5], length=len(OK))
    peer.released.wait(20)


def slow_head(peer: Peer, connection: Connection) -> None:
    connection.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
    peer.released.wait(20)


def half_then_reset(_: Peer, connection: Connection) -> None:
    connection.answer(OK[:5], length=len(OK))
    connection.reset()


def endless_head(_: Peer, connection: Connection) -> None:
    while True:
        connection.sock.sendall(b"X: " + b"y" * 60_000 + b"\r\n")


Acts = Callable[[Peer, Connection], Any]

# What happens after the request was read; the error of a send; whether it may have been carried out.
AFTER: dict[str, tuple[Acts, type[Exception], bool]] = {
    "reset": (lambda _, c: c.reset(), carom.ConnectionError, True),
    "closed": (lambda _, c: None, carom.ConnectionError, True),
    "slow header": (stall, carom.TimeoutError, True),
    "slow rest of the header": (slow_head, carom.TimeoutError, True),
    "slow body": (half, carom.TimeoutError, True),
    "reset in the body": (half_then_reset, carom.ConnectionError, True),
    "cut body": (lambda _, c: c.answer(OK[:5], length=len(OK)), carom.ConnectionError, True),
    "bad chunk": (
        lambda _, c: c.sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        carom.ConnectionError,
        True,
    ),
    "bad length": (
        lambda _, c: c.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        carom.ConnectionError,
        True,
    ),
    "no HTTP": (lambda _, c: c.sock.sendall(b"220 mail.test ESMTP\r\n\r\n"), carom.ConnectionError, True),
    "endless header": (endless_head, carom.ConnectionError, True),
    "truncated gzip": (lambda _, c: c.answer(zipped(OK)[:-9], headers=GZIPPED), carom.DecodeError, True),
    "no gzip": (lambda _, c: c.answer(b"plain", headers=GZIPPED), carom.DecodeError, True),
    "HTML": (lambda _, c: c.answer(b"<html>"), carom.DecodeError, True),
    "nothing": (lambda _, c: c.answer(b""), carom.DecodeError, True),
    "an array": (lambda _, c: c.answer(b"[]"), carom.DecodeError, True),
    "redirect": (
        lambda p, c: c.answer(b"", "307 Temporary Redirect", f"Location: {p.url}/elsewhere\r\n"),
        carom.UnexpectedHttpResponseError,
        False,
    ),
    "500 as HTML": (lambda _, c: c.answer(b"<html>", "500 Oh"), carom.InternalServerError, True),
    "503 as HTML": (lambda _, c: c.answer(b"<html>", "503 Oh"), carom.ServiceUnavailableError, False),
}


def assert_no_token(error: BaseException, shown: str) -> None:
    """The token is in no text of an error, of what it came from, and of their frames' variables."""
    texts = [shown, str(error), repr(error), repr(vars(error)), repr(pickle.dumps(error))]
    framed = traceback.TracebackException.from_exception(error, capture_locals=True)
    # The frames of this file are the test's own, which knows the token.
    pending: list[traceback.TracebackException | None] = [framed]
    while pending:
        part = pending.pop()
        if part is not None:
            part.stack = traceback.StackSummary.from_list([f for f in part.stack if f.filename != __file__])
            pending += [part.__cause__, part.__context__]
    texts += framed.format()
    # http.client and others write it in other cases and codings; its last part alone would be known again.
    assert not [text for text in texts if TOKEN[:20] in text]


async def failing(
    opened: Open, caplog: pytest.LogCaptureFixture, url: str, kind: type[Exception], *, ambiguous: bool, **options: Any
) -> None:
    """A send that fails, once, as it should."""
    caplog.set_level(logging.DEBUG)
    patience = 1 if kind is carom.TimeoutError else 10
    client = opened(url, http_read_timeout=patience, http_open_timeout=5, max_retries=2 if ambiguous else 0, **options)
    with pytest.raises(carom.Error) as caught:
        await settle(client.deliver({**MESSAGE, "text_body": "x" * 300_000}))
    error = caught.value
    assert (type(error), error.ambiguous) == (kind, ambiguous)
    assert (error.method, error.path) == ("POST", "/email")
    assert "\n" not in str(error)
    assert_no_token(error, caplog.text + repr(client) + repr([vars(record) for record in caplog.records]))


@pytest.mark.parametrize("name", AFTER)
async def test_c82_what_goes_wrong_after_the_request(opened: Open, caplog: pytest.LogCaptureFixture, name: str) -> None:
    act, kind, ambiguous = AFTER[name]
    with serving(after_reading(act)) as peer:
        await failing(opened, caplog, peer.url, kind, ambiguous=ambiguous)
        assert len(peer.heads) == 1


async def test_c82_nobody_there_and_a_reset_before_the_body(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = f"http://127.0.0.1:{listener.getsockname()[1]}"
    await failing(opened, caplog, gone, carom.ConnectionError, ambiguous=False)
    caplog.set_level(logging.DEBUG)
    with serving(before_the_body) as peer:
        client = opened(peer.url)
        with pytest.raises(carom.ConnectionError) as caught:
            await settle(client.deliver({**MESSAGE, "attachments": [("a.txt", b"x" * 7_000_000)]}))
        assert (caught.value.ambiguous, caught.value.retryable) == (False, True)
        assert_no_token(caught.value, caplog.text)


def self_signed(folder: Path) -> tuple[ssl.SSLContext, str]:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("other.test").configure_cert(server)
    return server, str(folder / "ca.pem")


@pytest.mark.parametrize("fault", ["unknown authority", "other name", "no TLS", "old TLS", "closed"])
async def test_c82_bad_tls(opened: Open, caplog: pytest.LogCaptureFixture, tmp_path: Path, fault: str) -> None:
    server, trusted = self_signed(tmp_path)
    verify: Any = trusted
    served: AbstractContextManager[Peer] = serving(tls=server)
    if fault == "unknown authority":
        verify = True
    elif fault == "no TLS":
        served = serving(lambda _, c: c.sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    elif fault == "closed":
        served = serving(lambda _, c: None)
    elif fault == "old TLS":
        server.maximum_version = ssl.TLSVersion.TLSv1_2
        verify = ssl.create_default_context(cafile=trusted)
        verify.minimum_version = ssl.TLSVersion.TLSv1_3
    with served as peer, nullcontext():
        url = peer.url.replace("http:", "https:")
        await failing(opened, caplog, url, carom.ConnectionError, ambiguous=False, verify=verify)
        assert not peer.heads


@pytest.mark.parametrize("name", ["reset", "slow header", "cut body", "503 as HTML"])
async def test_c41_a_read_is_repeated_after_each_of_them(opened: Open, name: str) -> None:
    act = AFTER[name][0]

    def first(peer: Peer, connection: Connection) -> None:
        while peer.read(connection):
            if len(peer.heads) == 1:
                act(peer, connection)
                return
            connection.answer()

    with serving(first) as peer:
        client = opened(peer.url, http_read_timeout=1, retry=carom.RetryPolicy(max_retries=1, backoff=0.01))
        assert (await settle(client.delivery_stats())).inactive_mails == 1
        assert len(peer.heads) == 2

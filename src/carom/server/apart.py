"""A part of the server as a process of its own, so that what it computes does not take turns with the event loop.

The server forks it before it has threads. Both halves speak over a pair of sockets: what is asked one way, what came of it the
other, in the same order, some at once, as a length and a pickle. Whatever came while one group was worked on is the next. What
is asked is plain data for that, functions by their names and no closures.

They live and die together. The part goes when its socket ends, after the group that it is at; the files that were open when it
was forked, the lock of the data folder among them, are open until then. A server that has lost a part ends at once, as by a
power cut: nobody knows what was still done, and to find that out is what starting is for.
"""

import asyncio
import contextlib
import copyreg
import io
import os
import pickle
import signal
import socket
import struct
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator
from typing import Any, NamedTuple, NoReturn, cast
from uuid import UUID

import structlog
from prometheus_client import ProcessCollector

from carom.server import failpoints
from carom.server.metrics import REGISTRY

AHEAD = 3
"""How many messages are with a part at once. What is asked meanwhile shares the next: fewer and larger ones cost less."""
CHUNK = 1 << 18

_LENGTH = struct.Struct("!Q")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_Call = tuple[Any, "asyncio.Future[Any]"]
_ends: set[socket.socket] = set()
"""The server's ends: a part that had those of others would keep them from ending."""

log = structlog.get_logger("carom.server")


class Outcome(NamedTuple):
    """What came of something that was asked."""

    result: Any
    error: Exception | None = None


Serve = Callable[[list[Any]], list[Outcome]]
"""What a part does with what it is asked, some at once."""


class Apart:
    """Asks a process of its own, from one event loop."""

    def __init__(
        self,
        name: str,
        start: Callable[[], contextlib.AbstractContextManager[Serve]],
        *,
        most: int,
        observe: Callable[[float], None] | None = None,
    ) -> None:
        """Fork: in the event loop that will ask, before the program has other threads. ``name`` is that of its memory and
        time in the metrics: ``carom_NAME_process_...``. ``start`` is called in the new process, which works on ``most`` at once or a few more; ``observe`` gets the seconds that each group took."""
        ours, theirs = socket.socketpair()
        server = os.getpid()
        with _held_signals():
            self._pid = os.fork()
            if self._pid == 0:
                for end in (ours, *_ends):
                    end.close()
                failpoints.die_with(server)
                _work(theirs, start, most)
        theirs.close()
        ours.setblocking(False)
        _ends.add(ours)
        self._name = name
        self._collector = ProcessCollector(f"carom_{name}", pid=lambda: self._pid, registry=None)
        REGISTRY.register(self._collector)
        self._socket = ours
        self._observe = observe
        self._waiting: list[_Call] = []
        self._asked: deque[asyncio.Future[Any]] = deque()
        self._unsent = memoryview(b"")
        self._received = bytearray()
        self._under_way = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(ours, self._read)

    def put(self, asked: Any) -> "asyncio.Future[Any]":
        """Have something done."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if not self._waiting and self._under_way < AHEAD:
            self._loop.call_soon(self._ask)
        self._waiting.append((asked, future))
        return future

    async def close(self) -> None:
        """Let it finish what it has been asked for, and end."""
        while self._waiting or self._asked:
            await asyncio.wait([*self._asked, *(future for _, future in self._waiting)])
        self._loop.remove_reader(self._socket)
        _ends.discard(self._socket)
        self._socket.close()
        REGISTRY.unregister(self._collector)
        await asyncio.to_thread(os.waitpid, self._pid, 0)

    def _ask(self) -> None:
        """Send what waits: what this turn of the event loop has asked for."""
        data, asked = _pickle_calls(self._waiting)
        self._waiting = []
        if asked:
            self._under_way += 1
            self._asked.extend(future for _, future in asked)
            self._send(data)

    def _send(self, data: bytes) -> None:
        waits = bool(self._unsent)
        self._unsent = memoryview(bytes(self._unsent) + data)
        if not waits:
            self._go_on_sending()

    def _go_on_sending(self) -> None:
        try:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._die()
        if self._unsent:
            self._loop.add_writer(self._socket, self._go_on_sending)
        else:
            self._loop.remove_writer(self._socket)

    def _read(self) -> None:
        try:
            data = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._die()
        self._received += data
        while (message := _first_message(self._received)) is not None:
            outcomes, messages, seconds = cast("tuple[list[Outcome], int, float]", _unpickle(message))
            self._under_way -= messages
            if self._observe is not None:
                self._observe(seconds)
            for outcome in outcomes:
                settle(self._asked.popleft(), outcome)
            if self._waiting:
                self._ask()

    def _die(self) -> NoReturn:
        log.critical("a process of this server has died; the others end too, to be started anew", name=self._name)
        os._exit(os.EX_SOFTWARE)


def settle(future: "asyncio.Future[Any]", outcome: Outcome) -> None:
    """Answer who waits, if he still does."""
    if future.done():
        return
    if outcome.error is not None:
        future.set_exception(outcome.error)
    else:
        future.set_result(outcome.result)


@contextlib.contextmanager
def _held_signals() -> Generator[None]:
    """Keep signals back: one that came to the new process before it is itself would be told to the old one."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pickle_calls(calls: list[_Call]) -> tuple[bytes, list[_Call]]:
    """Return what is asked as a message, and who asks: not for what cannot be sent, of which its caller hears."""
    try:
        return _message([asked for asked, _ in calls]), calls
    except Exception:  # noqa: BLE001  each by itself tells whose it is
        left: list[_Call] = []
        for asked, future in calls:
            try:
                pickle.dumps(asked)
            except Exception as error:  # noqa: BLE001  its caller hears of it
                settle(future, Outcome(None, error))
            else:
                left.append((asked, future))
        return _message([asked for asked, _ in left]), left


def _message(value: object) -> bytes:
    into = io.BytesIO()
    pickler = pickle.Pickler(into, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(value)
    data = into.getbuffer()
    return _LENGTH.pack(len(data)) + data


def _uuid(number: int) -> UUID:
    return UUID(int=number)


def _reduced(value: UUID) -> tuple[Callable[[int], UUID], tuple[int]]:
    return _uuid, (value.int,)


_REDUCERS: dict[type, Any] = {**copyreg.dispatch_table, UUID: _reduced}
"""UUIDs are in each mail, and their own way takes three times as long."""


def _unpickle(message: bytes) -> Any:
    return pickle.loads(message)  # noqa: S301  from the other half of ourselves, over a socket that nobody else has


def _first_message(received: bytearray) -> bytes | None:
    """Take the first message out of what has been received; None while it is not whole."""
    if len(received) < _LENGTH.size:
        return None
    end = _LENGTH.size + _LENGTH.unpack_from(received)[0]
    if len(received) < end:
        return None
    message = bytes(received[_LENGTH.size : end])
    del received[:end]
    return message


def _work(server: socket.socket, start: Callable[[], contextlib.AbstractContextManager[Serve]], most: int) -> NoReturn:
    """Be the part until the socket ends. The signals that end a server are the server's to act upon."""
    status = os.EX_SOFTWARE
    try:
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        with start() as serve, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for group, messages in _groups(server, most):
                began = time.perf_counter()
                outcomes = serve(group)
                server.sendall(_answer(outcomes, messages, time.perf_counter() - began))
        status = os.EX_OK
    except BaseException:
        log.critical("a process of this server ends", exc_info=True)
        raise
    finally:
        os._exit(status)


def _groups(server: socket.socket, most: int) -> Generator[tuple[list[Any], int]]:
    """Wait for something, then take along what has come too; tell how many messages that were."""
    received, group, messages = bytearray(), list[Any](), 0
    while data := server.recv(CHUNK):
        while data:
            received += data
            while (message := _first_message(received)) is not None:
                group += _unpickle(message)
                messages += 1
                if len(group) >= most:
                    yield group, messages
                    group, messages = [], 0
            try:
                data = server.recv(CHUNK, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
        if group:
            yield group, messages
            group, messages = [], 0


def _answer(outcomes: list[Outcome], messages: int, seconds: float) -> bytes:
    try:
        told = [one if one.error is None else _tellable(one.error) for one in outcomes]
        return _message((told, messages, seconds))
    except Exception:  # noqa: BLE001  each by itself tells whose it is
        return _message(([_sendable(one) for one in outcomes], messages, seconds))


def _tellable(error: Exception) -> Outcome:
    """Return an error as it can be raised in the server, with the place where it was raised here."""
    error.add_note("".join(traceback.format_tb(error.__traceback__)))
    try:
        _unpickle(pickle.dumps(error))
    except Exception:  # noqa: BLE001  then its text has to do
        return Outcome(None, RuntimeError("".join(traceback.format_exception(error))))
    return Outcome(None, error)


def _sendable(outcome: Outcome) -> Outcome:
    if outcome.error is not None:
        return _tellable(outcome.error)
    try:
        pickle.dumps(outcome)
    except Exception as error:  # noqa: BLE001  its caller hears of it
        return _tellable(error)
    return outcome

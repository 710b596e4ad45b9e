"""carom serve."""

import asyncio
import ctypes
import gc
import platform
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from cyclopts import Parameter, Token

from carom.cli.configuration import ConfigFile
from carom.server.app import Carom, Listening
from carom.server.config import BadSetting, DiskFloor, HostPort, Networks, Settings
from carom.server.relays import BadRelay, Relays

SWITCH_SECONDS = 0.0005
"""How long the event loop keeps the interpreter to itself while another thread waits for it, as one that reads the store."""
ARENAS = 2
"""From how many heaps the system gives memory to threads: it would have eight for each processor, each with free room."""
_M_ARENA_MAX = -8
COLLECT_AFTER = (10_000, 10, 10)
"""After how many objects more garbage is looked for, and how often among older ones. By default it is every 700."""


def _read(kind: Any, tokens: Sequence[Token]) -> Any:
    return kind.read(tokens[0].value)


def _read_relays(kind: type[Relays], tokens: Sequence[Token]) -> Relays:
    del kind
    try:
        return Relays.read(token.value for token in tokens)
    except BadRelay as error:
        raise BadSetting(str(error)) from error


Parameter(n_tokens=1, accepts_keys=False, converter=_read_relays, show_default=str)(Relays)
for kind in (HostPort, DiskFloor, Networks):
    Parameter(n_tokens=1, accepts_keys=False, converter=_read, show_default=str)(kind)

Given = Annotated[Settings | None, Parameter(name="*")]
"""The settings of a server, each a flag of its own."""


def serve(settings: Given = None, *, config: ConfigFile = None) -> None:
    """Serve Postmark's API: accept mail, deliver it, receive its bounces.

    On an empty store it makes an account and a first server and prints both tokens once; CAROM_SERVER_TOKEN and
    CAROM_ACCOUNT_TOKEN are used instead where they are set. Port 0 picks a free one. SIGTERM and Ctrl-C end it cleanly.
    """
    del config  # its values are among the settings
    settings = settings or Settings()
    tune()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings))


def tune() -> None:
    """Set the interpreter up for a server, when its modules are loaded: they stay, and to look for garbage among them lets
    every connection wait for 50 ms."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
    gc.set_threshold(*COLLECT_AFTER)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's where it is installed: it is not made for every system."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    carom = Carom(settings, apart=True)
    listening = await carom.start()
    if carom.new_tokens is not None:
        print(f"server token: {carom.new_tokens.server}")
        print(f"account token: {carom.new_tokens.account}")
    print(f"ready http={listening.http} smtp={listening.smtp} mx={listening.mx} mode={settings.mode}", flush=True)
    _print_exports(carom, listening)
    await stop.wait()
    await carom.stop()


def _print_exports(carom: Carom, listening: Listening) -> None:
    """Print what to paste into a shell. Tokens are shown only once, when they are made."""
    print(f"export POSTMARK_API_URL={listening.url}")
    if carom.new_tokens is not None:
        print(f"export POSTMARK_API_TOKEN={carom.new_tokens.server}")
        print(f"export POSTMARK_ACCOUNT_TOKEN={carom.new_tokens.account}")
    sys.stdout.flush()

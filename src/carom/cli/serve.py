"""carom serve."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from carom.server.app import Carom, Listening
from carom.server.config import HostPort, Mode, Settings


def serve(
    *,
    data: Path = Settings.data,
    database: str | None = None,
    http: str = str(Settings.http),
    smtp: str = str(Settings.smtp),
    mx: str = str(Settings.mx),
    mode: Mode = Settings.mode,
    relay: str | None = None,
    strict: Annotated[bool, Parameter(negative="")] = False,
    hostname: str = Settings.hostname,
    return_path: str = Settings.return_path,
    inbound_domain: str = Settings.inbound_domain,
    public_url: str | None = None,
) -> None:
    """Serve Postmark's API: accept mail, deliver it, receive its bounces.

    On an empty store it makes an account and a first server and prints both tokens once; CAROM_SERVER_TOKEN and
    CAROM_ACCOUNT_TOKEN are used instead where they are set. SIGTERM and Ctrl-C end it cleanly.

    Parameters
    ----------
    data
        The folder of the store, the installation secret and the lock.
    database
        The URL of the store; by default SQLite in the data folder.
    http
        HOST:PORT of the API. Port 0 picks a free one, here and below.
    smtp
        HOST:PORT of submission.
    mx
        HOST:PORT where bounces and inbound mail come in.
    mode
        The last hop of outgoing mail: sandbox keeps it in the process, relay gives it to --relay, live to the
        recipients' MX.
    relay
        HOST:PORT of the smart host of relay mode.
    strict
        Ask for a confirmed sender in sandbox mode too (carom senders allow).
    hostname
        The name in HELO and in Message-ID.
    return_path
        The domain of return paths; its mail must come to --mx.
    inbound_domain
        The domain of inbound addresses; its mail must come to --mx.
    public_url
        Where people reach this server: links in mails begin with it.

    """
    settings = Settings(
        data=data,
        database=database,
        http=HostPort.read(http),
        smtp=HostPort.read(smtp),
        mx=HostPort.read(mx),
        mode=mode,
        relay=None if relay is None else HostPort.read(relay),
        strict=strict,
        hostname=hostname,
        return_path=return_path,
        inbound_domain=inbound_domain,
        public_url=public_url,
    )
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
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
    carom = Carom(settings)
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

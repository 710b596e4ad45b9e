"""carom senders: who may send, before anybody has clicked a link."""

from pathlib import Path

from carom.cli.problems import Problem
from carom.server.app import utc_now
from carom.server.config import Settings
from carom.server.store import senders, servers
from carom.server.store.database import sqlite_engine
from carom.wire.addresses import BadAddress, check_address


def allow(sender: str, /, *, data: Path = Settings.data) -> None:
    """Confirm an address or a whole domain by hand; a running server sees it at once.

    Parameters
    ----------
    sender
        you@example.com, or example.com for every address of the domain.
    data
        The data folder of the server.

    """
    try:
        check_address(sender if "@" in sender else f"postmaster@{sender}", "sender")
    except BadAddress as error:
        raise Problem(f"{error} Give an address (you@example.com) or a domain (example.com).") from error
    path = Settings(data=data).sqlite_path
    if not path.exists():
        raise Problem(f"there is no store in {data}; start 'carom serve --data {data}' once, or name another --data")
    with sqlite_engine(path).connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        senders.allow(connection, servers.first_account(connection), sender, utc_now())
        connection.exec_driver_sql("COMMIT")
    print(f"{sender} may send")

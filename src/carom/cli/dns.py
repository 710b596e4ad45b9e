"""carom dns: what DNS must hold of the installation's own domains."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from carom.cli.client import AsJson, print_json, print_table
from carom.cli.history import existing
from carom.server.app import utc_now
from carom.server.config import Settings
from carom.server.keyring import load_keyring
from carom.server.pipeline.signing import service_key
from carom.server.store import service_keys
from carom.server.store.opening import open_database, reach

HEAD = ("type", "name", "value", "for")


def dns(
    *,
    hostname: Annotated[str, Parameter(help="The server's --hostname.")] = Settings.hostname,
    return_path: Annotated[str, Parameter(help="The server's --return-path.")] = Settings.return_path,
    inbound_domain: Annotated[str, Parameter(help="The server's --inbound-domain.")] = Settings.inbound_domain,
    data: Annotated[Path, Parameter(help="The data folder of the server.")] = Settings.data,
    database: Annotated[str | None, Parameter(help="The URL of the store, as the server has it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the records that the domains of the service itself need. What customers' domains need is in the API's
    answers about them. The key that signs for the service is made if there is none yet."""
    settings = replace(existing(data, database), hostname=hostname, return_path=return_path)
    key_host, key_text = asyncio.run(_key_record(settings))
    rows = [
        ("MX", return_path, f"10 {hostname}", "bounces come home"),
        ("TXT", return_path, "v=spf1 mx ~all", "SPF; add what your relay asks for"),
        ("TXT", key_host, key_text, "DKIM of the service"),
        ("MX", inbound_domain, f"10 {hostname}", "inbound mail comes in"),
    ]
    if as_json:
        print_json([dict(zip(HEAD, row, strict=True)) for row in rows])
    else:
        print_table(HEAD, rows)


async def _key_record(settings: Settings) -> tuple[str, str]:
    keyring = load_keyring(settings.data if settings.postgres_url is None else None)
    store = open_database(settings)
    try:
        await reach(store)
        await service_key(store, keyring, settings, utc_now())
        found = await store.read(service_keys.record, settings.return_path)
        assert found is not None, "it was made a moment ago"
        return found
    finally:
        await store.close()

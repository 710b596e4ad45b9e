"""carom doctor: whether the settings, the machine and DNS go together."""

import asyncio
import os
import sys

from msgspec import to_builtins

from carom.cli.client import AsJson, print_json, print_table
from carom.cli.configuration import ConfigFile
from carom.cli.serve import Given
from carom.server.config import Settings
from carom.server.doctor import examine
from carom.server.logs import configure_logs

MARKS = {"ok": "ok", "warning": "!", "fault": "FAULT"}


def doctor(settings: Given = None, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Try the settings that a server with the same flags, environment and file would have: its secret and store, disk, ports,
    public URL, certificate, DNS and relays. Each fault comes with what mends it. Exit status 1 if there is one.

    It changes nothing, and may run before the first start and beside a server.
    """
    del config  # its values are among the settings
    configure_logs(log_level="error")
    found = asyncio.run(examine(settings or Settings(), os.environ))
    if as_json:
        print_json([to_builtins(one) for one in found])
    else:
        print_table(("", "check", "found"), ((MARKS[one.state], one.check, one.says) for one in found))
        for one in found:
            if one.fix:
                print(f"\n{one.check}: {one.fix}.")
    if any(one.state == "fault" for one in found):
        sys.exit(1)

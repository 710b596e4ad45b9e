"""A Debian postfix of its own on loopback, as somebody else's mail system.

It relays for whoever asks on 127.0.0.1, holds the mailboxes of one domain, puts off another, and sends its delivery
status notifications to where the return-path domain is said to live.
"""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import NamedTuple

POSTFIX = "/usr/sbin/postfix"
MAILBOX_BYTES = 40_000
"""How large a mailbox may grow, and a message."""

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
myhostname = mail.{domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions =
smtpd_reject_unlisted_recipient = no
local_recipient_maps =
disable_dns_lookups = yes
smtp_host_lookup = native
alias_maps =
message_size_limit = {mailbox}
virtual_mailbox_limit = {mailbox}
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {{ full@{domain} = full }}, {{ ann@{domain} = ann }} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 100
transport_maps = inline:{{ {routes}{{ later.{domain} = retry:4.3.2 system is down for maintenance }} }}
delay_warning_time = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
{tls}
"""

WITHOUT_TLS = """\
smtpd_tls_security_level = none
smtp_tls_security_level = none
"""

WITH_TLS = """\
smtpd_tls_security_level = encrypt
smtpd_tls_chain_files = {certificate}
smtpd_tls_received_header = yes
smtpd_tls_loglevel = 1
smtp_tls_security_level = {outgoing}
smtp_tls_CAfile = {authority}
smtp_tls_verify_cert_match = hostname
smtp_tls_loglevel = 1
"""

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
smtp unix - - n - - smtp
tlsmgr unix - - n 1000? 1 tlsmgr
retry unix - - n - - error
error unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(NamedTuple):
    """A running postfix: where it listens, the domain of its mailboxes, its folder."""

    host: str
    port: int
    domain: str
    folder: Path

    @property
    def log(self) -> str:
        """What it logged."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""


@contextlib.contextmanager
def running_postfix(
    *,
    domain: str,
    return_path: str,
    port: int,
    mx_port: int,
    certificate: Path | None = None,
    authority: Path | None = None,
    routes: Mapping[str, int] | None = None,
) -> Generator[Postfix]:
    """Run a postfix whose notifications for ``return_path`` go to ``mx_port``, and mail for the domains of ``routes`` to the
    ports that they name.

    ``ann@domain`` has a mailbox, ``full@domain`` one that is full, ``anybody@later.domain`` is put off for ever; others are
    taken and then found to be unknown. With a ``certificate`` (PEM, the key first) it takes mail under TLS alone; with an
    ``authority`` (PEM) it sends mail under TLS alone, to whom that has certified.
    """
    folder = Path(tempfile.mkdtemp(prefix="carom-postfix-"))
    folder.chmod(0o755)
    uid, gid = 65534, 65534
    for name in ("config", "queue", "data", "mail"):
        (folder / name).mkdir(mode=0o755)
    shutil.chown(folder / "data", "postfix", "postfix")
    shutil.chown(folder / "mail", uid, gid)
    (folder / "mail" / "full").write_bytes(b"From nobody Thu Jan  1 00:00:00 1970\n" + b"x" * MAILBOX_BYTES)
    shutil.chown(folder / "mail" / "full", uid, gid)
    values = {
        "folder": folder, "domain": domain, "port": port, "mailbox": MAILBOX_BYTES, "uid": uid, "gid": gid,
        "routes": "".join(
            f"{{ {to} = smtp:[127.0.0.1]:{there} }}, " for to, there in {return_path: mx_port, **(routes or {})}.items()
        ),
        "tls": WITHOUT_TLS if certificate is None else WITH_TLS.format(
            certificate=certificate,
            authority=authority or "",
            outgoing="none" if authority is None else "verify",
        ),
    }  # fmt: skip
    (folder / "config" / "main.cf").write_text(MAIN.format_map(values))
    (folder / "config" / "master.cf").write_text(MASTER.format_map(values))
    _postfix(folder, "start")
    try:
        _wait_for_port(port)
        yield Postfix("127.0.0.1", port, domain, folder)
    finally:
        _postfix(folder, "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _postfix(folder: Path, command: str) -> None:
    done = subprocess.run(
        [POSTFIX, "-c", str(folder / "config"), command], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        log = folder / "log"
        raise RuntimeError(f"postfix {command}: {done.stderr}{log.read_text() if log.exists() else ''}")


def _wait_for_port(port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")

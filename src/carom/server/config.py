"""The settings of a server, as one frozen struct. Flags and environment variables are made from it."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final, Literal, NamedTuple

from carom.server.relays import Relays

Mode = Literal["sandbox", "relay", "live"]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


class BadSetting(ValueError):
    """A setting that cannot be used; the text says what to do."""


class HostPort(NamedTuple):
    """Where to listen or connect. Port 0 picks a free one."""

    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> "HostPort":
        """Read ``HOST:PORT``, ``[::1]:PORT`` too. Raises BadSetting."""
        host, _, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isdigit() or int(port) > 65535:
            raise BadSetting(f"'{text}' is no HOST:PORT; write for example 127.0.0.1:8025, or port 0 for a free one")
        return cls(host, int(port))

    def __str__(self) -> str:
        """Write it as it is read."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


_TIMES: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


class DiskFloor(NamedTuple):
    """How much of a disk has to stay free: a share of it, or a number of bytes."""

    amount: int
    unit: str

    @classmethod
    def read(cls, text: str) -> "DiskFloor":
        """Read ``500MB``, ``2GB``, ``1048576`` or ``5%``; 0 is no floor. Raises BadSetting."""
        found = re.fullmatch(r"(\d{1,15})\s*(%|[kMGT]?B?)", text.strip(), re.IGNORECASE)
        if found is None or (found[2] == "%" and int(found[1]) > 99):
            raise BadSetting(f"'{text}' is no amount of disk; write for example 500MB, 2GB or 5%")
        return cls(int(found[1]), found[2])

    def bytes_of(self, disk: int) -> int:
        """Return the bytes that have to be free on a disk of a size."""
        if self.unit == "%":
            return disk * self.amount // 100
        return self.amount * _TIMES[self.unit.lower().removesuffix("b")]

    def __str__(self) -> str:
        """Write it as it is read."""
        return f"{self.amount}{self.unit}"


class Networks(NamedTuple):
    """Addresses that may do something."""

    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def read(cls, text: str) -> "Networks":
        """Read ``10.0.0.0/8,::1``; an empty text is nobody. Raises BadSetting."""
        try:
            return cls(tuple(ip_network(part.strip()) for part in text.split(",") if part.strip()))
        except ValueError as error:
            raise BadSetting(
                f"'{text}' is no list of networks ({error}); write for example 127.0.0.0/8,10.1.2.0/24"
            ) from None

    def have(self, address: str) -> bool:
        """Tell whether an address is in one of them."""
        try:
            at = ip_address(address)
        except ValueError:
            return False
        at = (at.ipv4_mapped or at) if isinstance(at, IPv6Address) else at
        return any(at in network for network in self.networks)

    def __str__(self) -> str:
        """Write it as it is read."""
        return ",".join(map(str, self.networks))


_HTTP: Final = HostPort("127.0.0.1", 8025)
_SMTP: Final = HostPort("127.0.0.1", 2525)
_MX: Final = HostPort("127.0.0.1", 2526)
_FLOOR: Final = DiskFloor(100, "MB")
_LOOPBACK: Final = Networks((ip_network("127.0.0.0/8"), ip_network("::1/128")))
_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")


def flag_of(name: str) -> str:
    """Return the flag of a setting; in a file it stands without the dashes in front."""
    return f"--{name.replace('_', '-')}"


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"CAROM_{name.upper()}"


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a server is told at its start.

    Attributes
    ----------
    data
        The folder of the store, the installation secret, the lock and the journal. A server on PostgreSQL keeps only its journal
        there: a folder of its own on each machine.
    database
        The URL of the store: postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:///PATH; by default SQLite in the data folder.
    http
        Where the API listens.
    smtp
        Where submission listens.
    mx
        Where bounces and inbound mail come in.
    mode
        The last hop of outgoing mail: sandbox keeps it in the process, relay gives it to --relay, live to the recipients' MX.
    relay
        The smart hosts of relay mode, in the order in which they are tried: HOST:PORT, smtp://USER@HOST:PORT?tls=required or
        smtps://USER@HOST:PORT, with commas between. Their passwords stand in CAROM_RELAY_PASSWORD or --relay-passwords.
    relay_passwords
        A file with the passwords of the relays, a line each: USER@HOST:PORT PASSWORD.
    relay_authorities
        A file of certificates (PEM) that those of the relays may lead to, beside the system's.
    strict
        Ask for a confirmed sender in sandbox mode too.
    hostname
        The name in HELO and in Message-ID.
    return_path
        The domain of the return paths: its mail must come to --mx.
    inbound_domain
        The domain of inbound addresses: its mail must come to --mx.
    public_url
        Where people reach this server: links in mails begin with it.
    keep_days
        How long mail is kept, in days: sent and received messages with their events, bounces, opens, clicks, captured mail.
        Mail that is still to be sent stays, and so do suppressions and statistics.
    keep_dump_days
        How long the raw mails of bounces are kept, in days.
    geo
        A file of places by IP address (MaxMind's format, .mmdb), for opens and clicks; none comes with Carom.
    tls_cert
        The certificate chain (PEM) of --tls-key. With both, the API speaks HTTPS and the SMTP listeners offer STARTTLS.
    tls_key
        The private key (PEM) of --tls-cert.
    dns
        The name server that look-ups go to, by address; by default the system's.
    disk_floor
        What has to stay free on the disk of the data folder, as 500MB, 2GB or 5%: with less, mail is refused for a while
        (503, 452), and what was accepted goes on. 0 is no floor. PostgreSQL's disk is not looked at.
    metrics_from
        Who may read /metrics: networks, as 127.0.0.0/8,10.1.2.0/24. What came through a proxy is refused.
    log_format
        How a line of the log is written: text is key=value, json an object.
    log_level
        What is logged, and all that is graver. debug names each message, recipient and request.

    """

    data: Path = Path("carom-data")
    database: str | None = None
    http: HostPort = _HTTP
    smtp: HostPort = _SMTP
    mx: HostPort = _MX
    mode: Mode = "sandbox"
    relay: Relays | None = None
    relay_passwords: Path | None = None
    relay_authorities: Path | None = None
    strict: bool = False
    hostname: str = "carom.test"
    return_path: str = "bounces.carom.test"
    inbound_domain: str = "inbound.carom.test"
    public_url: str | None = None
    keep_days: int = 45
    keep_dump_days: int = 30
    geo: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    dns: HostPort | None = None
    disk_floor: DiskFloor = _FLOOR
    metrics_from: Networks = _LOOPBACK
    log_format: LogFormat = "text"
    log_level: LogLevel = "info"

    def check(self) -> None:
        """Raise BadSetting for settings that do not go together or are not served yet."""
        if self.keep_days < 1 or self.keep_dump_days < 1:
            raise BadSetting("--keep-days and --keep-dump-days must be at least 1")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise BadSetting("--tls-cert and --tls-key go together: give both files, or neither")
        if self.geo is not None and not self.geo.is_file():
            raise BadSetting(f"there is no file {self.geo}; --geo names an .mmdb file, or leave it out")
        if self.mode == "relay" and not self.relay:
            raise BadSetting("relay mode needs the smart host: --relay HOST:PORT")
        for flag, file in (("passwords", self.relay_passwords), ("authorities", self.relay_authorities)):
            if file is not None and not file.is_file():
                raise BadSetting(f"there is no file {file}; --relay-{flag} names one, or leave it out")
        if self.mode != "relay" and self.relay is not None:
            raise BadSetting(f"--relay is for relay mode; this is {self.mode} mode (--mode relay)")
        if self.dns is not None and not _is_ip(self.dns.host):
            raise BadSetting(
                f"--dns {self.dns} names a host; write the name server's address, for example 127.0.0.1:53"
            )
        if self.mode == "live":
            raise BadSetting("live mode (delivery to the recipients' MX) is not served yet; use --mode relay")
        if self.database is not None and not self.database.startswith((_SQLITE, *_POSTGRES)):
            scheme = self.database.partition(":")[0]
            raise BadSetting(
                f"a {scheme} store is not known; give --database postgresql://USER:PASSWORD@HOST:PORT/NAME, or leave it "
                "out for SQLite in the data folder"
            )

    @property
    def needs_confirmed_sender(self) -> bool:
        """Whether From must be a confirmed sender or domain."""
        return self.strict or self.mode != "sandbox"

    @property
    def sqlite_path(self) -> Path:
        """The file of the SQLite store."""
        return self.data / "carom.db" if self.database is None else Path(self.database.removeprefix(_SQLITE))

    @property
    def postgres_url(self) -> str | None:
        """The URL of the PostgreSQL store, None when the store is SQLite."""
        return self.database if self.database is not None and self.database.startswith(_POSTGRES) else None

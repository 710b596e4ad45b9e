"""Tries the settings of an installation against the world around: named checks, each with what mends it.

It changes nothing, and runs beside a server as well as before its first start. Each check is bounded in time.
"""

import asyncio
import os
import socket
import ssl
import stat
from collections.abc import Awaitable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from sqlalchemy.exc import DBAPIError

from carom.server.config import BadSetting, HostPort, Settings
from carom.server.disk import Disk
from carom.server.keyring import Keyring
from carom.server.outbound.logins import routes_to
from carom.server.outbound.resolver import Resolver
from carom.server.outbound.session import Connections, Route, Timeouts
from carom.server.relays import BadRelay
from carom.server.store import service_keys
from carom.server.store.database import Database
from carom.server.store.migrate import versions
from carom.server.store.opening import open_database
from carom.server.tls import server_context

SECONDS = 10.0
"""How long a check may take."""
PORT_SECONDS = 3.0
"""How long whoever has a port may take to show who it is."""
LONGEST_ANSWER = 1 << 16
CERTIFICATE_DAYS = 21
"""A certificate that is good for less is worth a warning."""
_TIMEOUTS: Final = Timeouts(connect=5.0, greeting=5.0, ehlo=5.0, tls=5.0, auth=5.0)

State = Literal["ok", "warning", "fault"]


class Finding(Struct, frozen=True):
    """What a check found. ``fix`` says what to do, empty where there is nothing to."""

    check: str
    state: State
    says: str
    fix: str = ""


async def examine(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Run all checks, side by side."""
    try:
        settings.check()
    except BadSetting as error:
        return [Finding("settings", "fault", str(error), "'carom config' shows where each setting comes from")]
    resolver = Resolver(settings.dns)
    checks: list[tuple[str, Awaitable[Iterable[Finding]]]] = [
        ("secret", _now(_secret(settings, environment))),
        ("store", _store(settings, resolver)),
        ("disk", _now(_disk(settings))),
        ("port", _ports(settings)),
        ("public-url", _public_url(settings)),
        ("certificate", _now(_certificate(settings))),
        ("dns", _mail_exchangers(settings, resolver)),
        ("relay", _relays(settings, environment)),
    ]
    found = await asyncio.gather(*(_bounded(name, check) for name, check in checks))
    return [Finding("settings", "ok", f"{settings.mode} mode"), *(one for some in found for one in some)]


async def _bounded(name: str, check: Awaitable[Iterable[Finding]]) -> Iterable[Finding]:
    try:
        return await asyncio.wait_for(check, SECONDS)
    except TimeoutError:
        return [Finding(name, "fault", f"no answer in {SECONDS:.0f} s", "see that what it asks is up and reachable")]


async def _now(found: Iterable[Finding]) -> Iterable[Finding]:
    return found


def _secret(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    if given := environment.get("CAROM_SECRET"):
        try:
            Keyring.read(given)
        except BadSetting as error:
            return [Finding("secret", "fault", str(error), "set CAROM_SECRET to the secret that made the store")]
        return [Finding("secret", "ok", "in CAROM_SECRET")]
    if settings.postgres_url is not None:
        fix = "set CAROM_SECRET=VERSION:HEX, the same on every node; 'openssl rand -hex 32' makes the HEX"
        return [Finding("secret", "fault", "a PostgreSQL store needs the secret in the environment", fix)]
    path = settings.data / "secret"
    if not path.exists():
        return [Finding("secret", "ok", f"{path} is made at the first start; keep a copy of it then")]
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return [Finding("secret", "fault", f"{path} may be read by others (mode {mode:04o})", f"chmod 600 {path}")]
    return [Finding("secret", "ok", f"{path}, for its owner alone")]


async def _store(settings: Settings, resolver: Resolver) -> list[Finding]:
    if settings.postgres_url is None and not settings.sqlite_path.exists():
        return [_folder(settings.sqlite_path.parent)]
    store = open_database(settings)
    try:
        current, head = await store.read(versions)
        if current != head:
            fix = "'carom migrate' with the same --data or --database upgrades it; a newer one needs a newer Carom"
            return [Finding("store", "fault", f"{store.name} has the schema {current}, this Carom needs {head}", fix)]
        return [Finding("store", "ok", f"{store.name}, schema {head}"), *await _service_key(settings, store, resolver)]
    except DBAPIError as error:
        fix = "see that the database is up, that it exists, and that the URL's user may use it"
        return [Finding("store", "fault", f"{store.name} does not answer: {_first_line(error.orig)}", fix)]
    finally:
        await store.close()


def _folder(folder: Path) -> Finding:
    there = folder
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            "store", "fault", f"{there} cannot be written", f"chown or chmod {there}, or choose another --data"
        )
    return Finding("store", "ok", f"none yet: the first start makes it in {folder}")


async def _service_key(settings: Settings, store: Database, resolver: Resolver) -> list[Finding]:
    """Check that DNS holds the key with which the service signs."""
    if settings.mode == "sandbox":
        return []
    record = await store.read(service_keys.record, settings.return_path)
    if record is None:
        return [
            Finding(
                "dkim", "warning", f"there is no key of {settings.return_path} yet", "'carom dns' makes and shows it"
            )
        ]
    name, wanted = record
    if wanted in await resolver.texts(name):
        return [Finding("dkim", "ok", f"{name} holds the key of the service")]
    return [Finding("dkim", "fault", f"DNS has no such TXT record at {name}", "set what 'carom dns' shows")]


def _disk(settings: Settings) -> list[Finding]:
    if settings.postgres_url is not None:
        return [Finding("disk", "ok", "PostgreSQL's is not looked at")]
    folder = settings.sqlite_path.parent
    while not folder.exists():
        folder = folder.parent
    disk = Disk(folder, 0)
    floor = settings.disk_floor.bytes_of(_size_of(folder))
    free = disk.free()
    said = f"{free / 1e9:.1f} GB free, the floor is {floor / 1e9:.1f} GB"
    if free < floor:
        return [Finding("disk", "fault", f"{said}: mail is refused", "make room, or lower --disk-floor or --keep-days")]
    return [
        Finding("disk", "warning" if free < 2 * floor else "ok", said, "make room soon" if free < 2 * floor else "")
    ]


def _size_of(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_blocks * found.f_frsize


async def _ports(settings: Settings) -> list[Finding]:
    asked = (("http", settings.http), ("smtp", settings.smtp), ("mx", settings.mx))
    return list(await asyncio.gather(*(_port(name, at, tls=settings.tls_cert is not None) for name, at in asked)))


async def _port(name: str, at: HostPort, *, tls: bool) -> Finding:
    """Check that a port is free or that it is Carom which answers there."""
    check = f"port-{name}"
    if at.port == 0:
        return Finding(check, "ok", "any free one")
    family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(at)
        except PermissionError:
            fix = f"ports below 1024 need CAP_NET_BIND_SERVICE, or let a proxy or the firewall lead {at.port} here"
            return Finding(check, "fault", f"{at} may not be listened at", fix)
        except OSError as error:
            if not await _is_carom(name, at, tls=tls):
                fix = f"stop what listens there ('ss -ltnp'), or choose another with --{name}"
                return Finding(check, "fault", f"{at} is not to be had: {os.strerror(error.errno or 0)}", fix)
            return Finding(check, "ok", f"a server of Carom's answers at {at}")
    return Finding(check, "ok", f"{at} is free")


async def _is_carom(name: str, at: HostPort, *, tls: bool) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(at.host, at.host)  # noqa: S104  compared, not listened at
    try:
        async with asyncio.timeout(PORT_SECONDS):
            if name == "http":
                return await _answers(host, at.port, tls=tls, verify=False)
            greeting = await _said(host, at.port)
    except (OSError, TimeoutError):
        return False
    return greeting.startswith(b"220 ") and b"Carom" in greeting


async def _answers(host: str, port: int, *, tls: bool, verify: bool, path: str = "/healthz") -> bool:
    """Tell whether /healthz is answered as Carom does. Raises OSError, ssl.SSLError among it."""
    context = ssl.create_default_context() if tls else None
    if context is not None and not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    return b'"alive"' in await _said(host, port, request, context)


async def _said(host: str, port: int, request: bytes = b"", context: ssl.SSLContext | None = None) -> bytes:
    """Return what a host says to a request, or first of all. Raises OSError."""
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        if not request:
            return await reader.readline()
        writer.write(request)
        said = b""
        while len(said) < LONGEST_ANSWER and (chunk := await reader.read(LONGEST_ANSWER)):
            said += chunk
        return said
    finally:
        writer.close()


async def _public_url(settings: Settings) -> list[Finding]:
    check, url = "public-url", settings.public_url
    if url is None:
        state: State = "ok" if settings.mode == "sandbox" else "warning"
        fix = "" if state == "ok" else "set --public-url to where people's browsers reach this server"
        return [Finding(check, state, "not set: links in mails lead to --http", fix)]
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return [Finding(check, "fault", f"{url} is no URL", "write https://NAME")]
    tls = parts.scheme == "https"
    try:
        alive = await _answers(
            parts.hostname,
            parts.port or (443 if tls else 80),
            tls=tls,
            verify=True,
            path=f"{parts.path.rstrip('/')}/healthz",
        )
    except OSError as error:
        fix = "start the server, and see that the name, the proxy and its certificate lead to --http"
        return [Finding(check, "fault", f"{url} does not answer: {_first_line(error)}", fix)]
    if not alive:
        fix = "let the proxy hand on all paths, as they are"
        return [Finding(check, "fault", f"{url}/healthz is answered by something else", fix)]
    if not tls and settings.mode != "sandbox":
        return [Finding(check, "warning", f"{url} answers, in clear", "serve it by HTTPS: unsubscribe links need it")]
    return [Finding(check, "ok", f"{url} answers")]


def _certificate(settings: Settings) -> list[Finding]:
    check = "certificate"
    if settings.tls_cert is None:
        state: State = "ok" if settings.mode == "sandbox" else "warning"
        fix = "" if state == "ok" else "give --tls-cert and --tls-key: without them nobody can log in to --smtp by TLS"
        return [Finding(check, state, "none: the SMTP listeners offer no STARTTLS", fix)]
    from cryptography import x509

    try:
        server_context(settings.tls_cert, settings.tls_key)
        leaf = x509.load_pem_x509_certificates(settings.tls_cert.read_bytes())[0]
    except (BadSetting, OSError, ValueError) as error:
        return [Finding(check, "fault", str(error), "give the chain (PEM) and its key, readable for this user")]
    left = (leaf.not_valid_after_utc - datetime.now(UTC)).days
    if left < 0:
        return [Finding(check, "fault", f"it ran out {-left} days ago", "renew it, then restart the server")]
    if left < CERTIFICATE_DAYS:
        return [Finding(check, "warning", f"it runs out in {left} days", "renew it, then restart the server")]
    return [Finding(check, "ok", f"good for {left} days")]


async def _mail_exchangers(settings: Settings, resolver: Resolver) -> list[Finding]:
    """Check that bounces and inbound mail find their way, and that the return paths may send."""
    if settings.mode == "sandbox":
        return [Finding("dns", "ok", "not needed in sandbox mode")]
    home, inbound, texts = await asyncio.gather(
        resolver.exchangers(settings.return_path),
        resolver.exchangers(settings.inbound_domain),
        resolver.texts(settings.return_path),
    )
    found: list[Finding] = []
    for check, domain, hosts, what in (
        ("mx-bounces", settings.return_path, home, "bounces come in"),
        ("mx-inbound", settings.inbound_domain, inbound, "inbound mail comes in"),
    ):
        if settings.hostname.lower() in hosts:
            found.append(Finding(check, "ok", f"mail for {domain} comes to {settings.hostname}"))
            continue
        says = f"mail for {domain} goes to {', '.join(hosts)}" if hosts else f"DNS tells no MX record of {domain}"
        state: State = "warning" if hosts else "fault"
        fix = f"set MX 10 {settings.hostname} for {domain}, whose port 25 leads to --mx: {what} there"
        found.append(Finding(check, state, says, fix))
    spf = [text for text in texts if text.lower().startswith("v=spf1")]
    if len(spf) == 1:
        found.append(Finding("spf", "ok", f"{settings.return_path} says {spf[0]}"))
    else:
        says = f"{settings.return_path} has {len(spf) or 'no'} SPF record{'s' if len(spf) > 1 else ''}"
        found.append(Finding("spf", "fault", says, "set one TXT record; 'carom dns' shows what it holds"))
    return found


async def _relays(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    if settings.mode != "relay":
        return []
    try:
        routes = routes_to(settings.relay or (), settings.relay_passwords, environment)
    except BadRelay as error:
        return [Finding("relay", "fault", str(error), "give the password, or leave the user out")]
    async with Connections(
        hostname=settings.hostname, timeouts=_TIMEOUTS, authorities=settings.relay_authorities
    ) as connections:
        return list(await asyncio.gather(*(_relay(connections, route) for route in routes)))


async def _relay(connections: Connections, route: Route) -> Finding:
    greeted = await connections.greet(route)
    if greeted.error is None:
        said = f"{route} answers{', with ' + greeted.tls if greeted.tls else ', in clear'}"
        return Finding("relay", "ok", f"{said}{', and logs us in' if route.login else ''}")
    fix = "see that the host is up and lets us in, and that user, password and tls= in --relay are right"
    return Finding("relay", "fault", f"{route}: {greeted.error}", fix)


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

"""The checks of an installation, each against the world that it asks: what is good, and each fault with its fix."""

import asyncio
import socket
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from carom.server.app import Carom
from carom.server.config import DiskFloor, HostPort, Settings
from carom.server.doctor import Finding, examine
from carom.server.relays import Relays
from carom.testing import LocalServer
from tests.peers.dns import NameServer, running_nameserver
from tests.peers.ports import free_port
from tests.peers.sink import Sink, running_sink
from tests.peers.tls import certified

pytestmark = pytest.mark.anyio
ANY = HostPort("127.0.0.1", 0)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def names() -> Generator[NameServer]:
    with running_nameserver() as server:
        yield server


@pytest.fixture
def sink() -> Generator[Sink]:
    with running_sink() as server:
        yield server


def sandbox(data: Path, **more: object) -> Settings:
    return Settings(**{"data": data, "http": ANY, "smtp": ANY, "mx": ANY, **more})  # type: ignore[arg-type]


def relaying(data: Path, names: NameServer, sink: Sink, **more: object) -> Settings:
    given = {
        "mode": "relay",
        "relay": Relays.read([f"smtp://{sink.host}:{sink.port}?tls=none"]),
        "dns": names.at,
        "hostname": "mail.shop.example",
        "return_path": "bounces.shop.example",
        "inbound_domain": "in.shop.example",
    }
    return sandbox(data, **{**given, **more})


async def found(settings: Settings, **environment: str) -> dict[str, Finding]:
    """Run the checks; each fault and warning says what to do."""
    findings = await examine(settings, environment)
    assert all(one.fix for one in findings if one.state != "ok"), findings
    assert not any(one.fix for one in findings if one.state == "ok"), findings
    return {one.check: one for one in findings}


def states(findings: dict[str, Finding]) -> dict[str, str]:
    return {name: one.state for name, one in findings.items()}


async def test_a_sandbox_before_its_first_start_is_good_and_stays_untouched(tmp_path: Path) -> None:
    assert set(states(await found(sandbox(tmp_path / "data"))).values()) == {"ok"}
    assert not (tmp_path / "data").exists()


async def test_settings_that_do_not_go_together_are_the_only_finding(tmp_path: Path) -> None:
    assert states(await found(sandbox(tmp_path, mode="relay"))) == {"settings": "fault"}


async def test_beside_a_running_server_its_ports_are_its_own(carom_server: LocalServer, tmp_path: Path) -> None:
    at = HostPort("127.0.0.1", int(carom_server.url.rpartition(":")[2]))
    findings = await found(sandbox(tmp_path, http=at, public_url=carom_server.url))
    assert (findings["port-http"].state, findings["public-url"].state) == ("ok", "ok")
    assert "Carom" in findings["port-http"].says


async def test_a_port_that_somebody_else_has_is_a_fault(tmp_path: Path, sink: Sink) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        taken = HostPort("127.0.0.1", mute.getsockname()[1])
        findings = await found(sandbox(tmp_path, http=taken, smtp=HostPort(sink.host, sink.port)))
    assert [findings[f"port-{name}"].state for name in ("http", "smtp", "mx")] == ["fault", "fault", "ok"]


async def test_a_secret_that_others_may_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a:" + "00" * 32)
    (tmp_path / "secret").chmod(0o640)
    assert "chmod 600" in (await found(sandbox(tmp_path)))["secret"].fix
    (tmp_path / "secret").chmod(0o600)
    assert (await found(sandbox(tmp_path)))["secret"].state == "ok"


async def test_a_secret_in_the_environment_must_be_one(tmp_path: Path) -> None:
    assert (await found(sandbox(tmp_path), CAROM_SECRET="nonsense"))["secret"].state == "fault"
    assert (await found(sandbox(tmp_path), CAROM_SECRET="a:" + "00" * 32))["secret"].state == "ok"


async def test_a_database_that_does_not_answer_is_a_fault_that_tells_no_password(tmp_path: Path) -> None:
    url = f"postgresql://carom:canary-7731@127.0.0.1:{free_port()}/carom"
    findings = await found(sandbox(tmp_path, database=url), CAROM_SECRET="a:" + "00" * 32)
    assert findings["store"].state == "fault"
    assert "canary-7731" not in str(findings)


async def test_less_room_than_the_floor_is_a_fault(tmp_path: Path) -> None:
    assert (await found(sandbox(tmp_path, disk_floor=DiskFloor.read("900TB"))))["disk"].state == "fault"


async def test_a_relay_and_dns_that_are_right(tmp_path: Path, names: NameServer, sink: Sink) -> None:
    names.exchangers = {"bounces.shop.example": ["mail.shop.example"], "in.shop.example": ["mail.shop.example"]}
    names.texts["bounces.shop.example"] = ["google-site=1", "v=spf1 mx ~all"]
    findings = await found(relaying(tmp_path, names, sink))
    wanted = ("relay", "mx-bounces", "mx-inbound", "spf")
    assert {findings[name].state for name in wanted} == {"ok"}, findings


async def test_dns_that_lacks_things_or_leads_elsewhere(tmp_path: Path, names: NameServer, sink: Sink) -> None:
    names.exchangers["in.shop.example"] = ["mx.google.example"]
    names.texts["bounces.shop.example"] = ["v=spf1 a -all", "v=spf1 mx ~all"]
    findings = await found(relaying(tmp_path, names, sink))
    assert findings["mx-bounces"].state == "fault"
    assert findings["mx-inbound"].state == "warning"
    assert "mx.google.example" in findings["mx-inbound"].says
    assert "2 SPF records" in findings["spf"].says


async def test_the_key_of_the_service_is_looked_for_in_dns(tmp_path: Path, names: NameServer, sink: Sink) -> None:
    settings = relaying(tmp_path, names, sink)
    server = Carom(settings)
    await server.start()
    await server.stop()
    findings = await found(settings)
    assert (findings["store"].state, findings["dkim"].state) == ("ok", "fault")
    host = findings["dkim"].says.rpartition(" ")[2]
    from carom.server.store import service_keys
    from carom.server.store.opening import open_database

    store = open_database(settings)
    record = await store.read(service_keys.record, settings.return_path)
    await store.close()
    assert record is not None
    names.texts[host] = [record[1]]
    assert (await found(settings))["dkim"].state == "ok"


async def test_a_relay_that_is_not_there_or_wants_no_login(tmp_path: Path, names: NameServer, sink: Sink) -> None:
    gone = Relays.read([f"smtp://127.0.0.1:{free_port()}?tls=none"])
    assert "refused" in (await found(relaying(tmp_path, names, sink, relay=gone)))["relay"].says
    user = Relays.read([f"smtp://me@{sink.host}:{sink.port}?tls=none"])
    assert "no password" in (await found(relaying(tmp_path, names, sink, relay=user)))["relay"].says
    findings = await found(relaying(tmp_path, names, sink, relay=user), CAROM_RELAY_PASSWORD="canary-7731")
    assert findings["relay"].state == "fault"
    assert "canary-7731" not in str(findings)


async def test_a_public_url_that_leads_elsewhere_or_nowhere(tmp_path: Path, sink: Sink) -> None:
    nowhere = await found(sandbox(tmp_path, public_url=f"http://127.0.0.1:{free_port()}"))
    assert nowhere["public-url"].state == "fault"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    elsewhere = await found(sandbox(tmp_path, public_url=f"http://127.0.0.1:{port}"))
    server.close()
    assert "something else" in elsewhere["public-url"].says


async def test_a_certificate_by_how_long_it_is_good(tmp_path: Path) -> None:
    good = certified(tmp_path)
    assert (await found(sandbox(tmp_path, tls_cert=good.certificate, tls_key=good.key)))["certificate"].state == "ok"
    for days, state in ((5, "warning"), (-3, "fault")):
        leaf = trustme.CA().issue_cert("127.0.0.1", not_after=datetime.now(UTC) + timedelta(days=days, hours=1))
        chain, key = tmp_path / "chain", tmp_path / "key"
        leaf.private_key_pem.write_to_path(key)
        chain.write_bytes(leaf.cert_chain_pems[0].bytes())
        assert (await found(sandbox(tmp_path, tls_cert=chain, tls_key=key)))["certificate"].state == state
    mixed = await found(sandbox(tmp_path, tls_cert=good.certificate, tls_key=tmp_path / "key"))
    assert mixed["certificate"].state == "fault"


async def test_dns_that_says_nothing_is_waited_for_no_longer_than_ten_seconds(
    tmp_path: Path, names: NameServer, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carom.server.outbound.resolver.SECONDS", 0.3)
    names.silent = True
    assert (await found(relaying(tmp_path, names, sink)))["mx-bounces"].state == "fault"

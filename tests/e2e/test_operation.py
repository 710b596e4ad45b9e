"""What watches a server, and what it says."""

import json
import re
import shutil
import smtplib
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from carom import ServiceUnavailableError
from carom.server.config import DiskFloor, Networks
from carom.server.disk import Disk
from carom.testing import LocalServer
from tests.e2e.bouncing import FROM, at_test_domain, bounce_of, send
from tests.waiting import eventually


class Answer(NamedTuple):
    status: int
    body: str


def get(url: str, method: str = "GET", **headers: str) -> Answer:
    """Ask as a probe does."""
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return Answer(response.status, response.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())


def value(server: LocalServer, name: str, **labels: str) -> float:
    """Read one metric, 0 where it is not there yet."""
    families = text_string_to_metric_families(get(f"{server.url}/metrics").body)
    samples = [sample for family in families for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items())


def test_it_is_alive_and_ready_without_a_token(fresh_server: LocalServer) -> None:
    """A probe has none; each check has a name."""
    assert get(f"{fresh_server.url}/healthz") == (200, '{"status":"alive"}')
    ready = get(f"{fresh_server.url}/readyz")
    assert ready.status == 200
    assert json.loads(ready.body) == {"status": "ready", "checks": {"store": "ok", "disk": "ok", "queue": "ok"}}
    assert get(f"{fresh_server.url}/healthz", "HEAD") == (200, "")
    assert get(f"{fresh_server.url}/healthz", "POST").status == 405
    assert get(f"{fresh_server.url}/healthz/more").status == 404


def unready(server: LocalServer) -> Answer:
    """Wait until it is not ready and return what it says."""
    eventually(lambda: get(f"{server.url}/readyz").status == 503, what="not to be ready")
    return get(f"{server.url}/readyz")


def test_metrics_count_what_was_done(fresh_server: LocalServer) -> None:
    """Accepted, delivered, bounced by type; queues by kind; memory and file handles of the process."""
    names: tuple[tuple[str, dict[str, str]], ...] = (
        ("carom_accepted_total", {}),
        ("carom_settled_total", {"event": "accepted"}),
        ("carom_settled_total", {"event": "refused"}),
        ("carom_bounces_total", {"type": "HardBounce"}),
        ("carom_bounces_total", {"type": "SoftBounce"}),
        ("carom_received_total", {}),
        ("carom_refused_total", {"code": "406"}),
    )
    before = [value(fresh_server, name, **labels) for name, labels in names]  # the registry is the process's
    with fresh_server.client() as client:
        bounce_of(client, send(client, at_test_domain("hardbounce")))
        bounce_of(client, send(client, at_test_domain("softbounce+later")))
        assert client.deliver_in_batches([{"From": FROM, "To": at_test_domain("hardbounce"), "TextBody": "x"}])
        after = eventually(
            lambda: [
                now - then
                for (name, labels), then in zip(names, before, strict=True)
                if (now := value(fresh_server, name, **labels)) - then
            ],
            what="the counts",
        )
    assert after == [2, 1, 1, 1, 1, 1, 1]
    assert value(fresh_server, "process_resident_memory_bytes") > 10_000_000
    assert value(fresh_server, "process_open_fds") > 5
    assert value(fresh_server, "carom_queue_waiting", kind="deliver") == 0
    assert value(fresh_server, "carom_accept_seconds_count") > 0


def test_the_processes_of_a_server_are_measured_each_by_itself() -> None:
    with LocalServer(process=True) as server:
        for process in ("", "carom_writer_"):
            assert value(server, f"{process}process_resident_memory_bytes") > 10_000_000
        assert value(server, "carom_commit_seconds_count") > 0


def test_metrics_are_for_those_whom_the_settings_name() -> None:
    """Loopback alone by default, and never what a proxy hands on; no tenant, no address is in them."""
    with LocalServer() as server, server.client() as client:
        send(client, "somebody@example.org", tag="a-tag")
        shown = get(f"{server.url}/metrics")
        assert shown.status == 200
        assert not re.search(r"example|a-tag|@", shown.body)
        for header in ("X-Forwarded-For", "Forwarded", "Via"):
            assert get(f"{server.url}/metrics", **{header: "127.0.0.1"}).status == 403
    with LocalServer(metrics_from=Networks.read("10.0.0.0/8")) as server:
        assert get(f"{server.url}/metrics").status == 403


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("500", 500), ("500MB", 500_000_000), ("2g", 2_000_000_000), ("5%", 50)]
)
def test_a_floor_is_an_amount_or_a_share(text: str, size: int) -> None:
    """Of a disk of a thousand bytes."""
    assert DiskFloor.read(text).bytes_of(1000) == size


@pytest.fixture
def nearly_full(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A disk whose free bytes a test says."""
    free = [10**12]

    def told(disk: Disk) -> int:
        return free[0]

    monkeypatch.setattr(Disk, "free", told)
    monkeypatch.setattr("carom.server.disk.LOOK_SECONDS", 0.0)
    return free


def test_below_the_floor_mail_is_refused_and_what_was_accepted_goes_on(nearly_full: list[int]) -> None:
    """503 with code 100, 452 at MAIL on both listeners; it takes mail again by itself."""
    with LocalServer() as server, server.client(max_retries=0) as client:
        first = send(client, at_test_domain("softbounce"))
        nearly_full[0] = 99_000_000
        with pytest.raises(ServiceUnavailableError, match="the disk is nearly full") as refused:
            send(client, "a@example.org")
        assert (refused.value.error_code, refused.value.status_code) == (100, 503)
        for at in (server.listening.mx, server.listening.smtp):
            with smtplib.SMTP(at.host, at.port, timeout=30) as smtp:
                if at == server.listening.smtp:
                    smtp.login(server.server_token, server.server_token)
                smtp.ehlo()
                assert smtp.mail(FROM)[0] == 452
        assert "--disk-floor" in json.loads(unready(server).body)["checks"]["disk"]
        assert client.delivery_stats().inactive_mails == 0  # reading goes on
        nearly_full[0] = 10**12
        bounce_of(client, first)
        send(client, "a@example.org")


def test_a_store_that_is_gone_makes_it_unready(tmp_path: Path) -> None:
    """The folder is taken away and put back: 503 with code 100, alive all the while, and on it goes by itself."""
    data = tmp_path / "data"
    with LocalServer(data=data) as server, server.client(max_retries=0) as client:
        send(client, "a@example.org")
        shutil.move(data, tmp_path / "away")
        try:
            assert "store" in unready(server).body
            assert get(f"{server.url}/healthz").status == 200
        finally:
            shutil.move(tmp_path / "away", data)
        eventually(lambda: get(f"{server.url}/readyz").status == 200, what="to be ready again")
        send(client, "b@example.org")

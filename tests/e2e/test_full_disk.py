"""A disk that is really full: a small file system of memory, mounted for the test."""

import os
import smtplib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from carom import ApiClient, ServiceUnavailableError
from carom.server.config import DiskFloor
from carom.testing import LocalServer
from tests.conftest import CI
from tests.e2e.bouncing import FROM, at_test_domain, bounces_of
from tests.waiting import eventually

SIZE_MB = 24


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(place)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        reason = f"cannot mount a small file system: {mounted.stderr.strip()}"
        if CI and os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def _fill(disk: Path) -> Path:
    """Leave no byte."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(64 * 1024))
        except OSError:
            return ballast


def _send(client: ApiClient, number: int) -> str:
    sent = client.deliver(
        from_=FROM, to=at_test_domain(f"softbounce+n{number}"), text_body=os.urandom(4000).hex(), subject=str(number)
    )
    assert sent.message_id is not None
    return sent.message_id


def test_a_full_disk_refuses_and_loses_nothing(small_disk: Path) -> None:
    """503 with code 100 and 452 while there is no room; with room it goes on by itself; each 200 has its bounce, also after
    a restart."""
    accepted: list[str] = []
    server = LocalServer(data=small_disk / "data", disk_floor=DiskFloor.read("0"))
    with server, server.client(max_retries=0) as client:
        accepted += [_send(client, number) for number in range(20)]
        ballast = _fill(small_disk)
        refused = 0
        for number in range(20, 400):
            try:
                accepted.append(_send(client, number))
            except ServiceUnavailableError:
                refused += 1
                if refused == 20:
                    break
        assert refused == 20, "the disk was never full"
        mx = server.listening.mx
        with smtplib.SMTP(mx.host, mx.port, timeout=30) as smtp, pytest.raises(smtplib.SMTPDataError) as answered:
            smtp.sendmail(
                "", [f"b+nothing@{'bounces.carom.test'}"], b"Subject: x\r\n\r\n" + os.urandom(200_000).hex().encode()
            )
        assert answered.value.smtp_code == 452
        ballast.unlink()
        accepted.append(eventually(lambda: _tried(client), what="a send that is accepted"))
        for message_id in accepted:
            bounces_of(client, message_id)
    with server, server.client() as client:
        assert {bounce.message_id for bounce in client.bounces()} == set(accepted)
        wal = small_disk / "data" / "carom.db-wal"
        assert not wal.exists() or wal.stat().st_size < 8_000_000


def _tried(client: ApiClient) -> str:
    try:
        return _send(client, 1000)
    except ServiceUnavailableError:
        return ""

"""carom serve on PostgreSQL: its start, its nodes, and a database that goes away."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import sqlalchemy as sa

from carom import ApiClient, ServiceUnavailableError
from carom.server.config import Settings
from carom.server.store.opening import open_database
from carom.server.store.postgres import driver
from carom.testing import LocalServer, fresh_database
from carom.testing.databases import finished
from tests.e2e.bouncing import FROM, at_test_domain, bounces_of, send
from tests.waiting import eventually

SECRET = "a:" + "5" * 64
FREE = ["--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--mx", "127.0.0.1:0"]


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    """An empty database."""
    with fresh_database(postgres_url) as url:
        yield url


def _carom(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CAROM_SECRET": SECRET}
    return subprocess.run(
        [sys.executable, "-m", "carom", *arguments],
        capture_output=True, text=True, timeout=60, check=False, env=environment,
    )  # fmt: skip


def _execute(url: str, statement: str) -> None:
    async def main() -> None:
        store = open_database(Settings(database=url))
        await store.write(lambda c: c.execute(sa.text(statement)).rowcount)
        await store.close()

    finished(main())


def test_two_nodes_that_start_at_once_share_one_installation(database: str) -> None:
    """On an empty database; what one accepts is read at the other, and either's token is the same."""
    one = LocalServer(process=True, database=database, environment={"CAROM_SECRET": SECRET})
    two = LocalServer(process=True, database=database, environment={"CAROM_SECRET": SECRET})
    two.server_token = one.server_token
    with one, two, one.client() as first, two.client() as second:
        for to in (at_test_domain("hardbounce+a"), at_test_domain("hardbounce+b")):
            message_id = send(first, to)
            [bounce] = bounces_of(second, message_id)
            assert not second.activate_bounce(bounce.id).inactive
            send(first, to)
        assert first.server_info().id == second.server_info().id == 1000


def test_another_node_takes_over_what_a_killed_one_held(database: str) -> None:
    """Without waiting for the end of the leases."""
    one = LocalServer(process=True, database=database, environment={"CAROM_SECRET": SECRET})
    two = LocalServer(process=True, database=database, environment={"CAROM_SECRET": SECRET})
    two.server_token = one.server_token
    with two:
        one.start()
        with one.client() as client:
            sent = {
                client.deliver(from_=FROM, to=at_test_domain(f"softbounce+{n}"), text_body="x").message_id
                for n in range(100)
            }
        one.kill()
        one.stop()
        with two.client() as client:
            eventually(lambda: {b.message_id for b in client.bounces()} == sent, seconds=60, what="100 bounces")


def test_a_database_that_goes_away_is_503_until_it_is_back(database: str) -> None:
    """Code 100; no restart of the server is needed, and nothing that was accepted is lost."""
    with LocalServer(database=database) as server, server.client(max_retries=0) as client:
        first = send(client, at_test_domain("softbounce+before"))
        name = urlsplit(database).path[1:]
        admin = urlunsplit(urlsplit(database)._replace(path="/postgres"))
        finished(_close(admin, name, allow=False))
        for _ in range(3):
            with pytest.raises(ServiceUnavailableError) as refused:
                send(client, "a@example.org")
            assert refused.value.error_code == 100
        finished(_close(admin, name, allow=True))
        second = eventually(lambda: _tried(client, at_test_domain("softbounce+after")), what="a send that is accepted")
        for message_id in (first, second):
            bounces_of(client, message_id)


async def _close(url: str, name: str, *, allow: bool) -> None:
    """Close a database to connections, those that it has too, or open it again."""
    connection = await driver.connect(url)
    await connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {str(allow).lower()}")
    if not allow:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    await connection.close()


def _tried(client: ApiClient, to: str) -> str:
    try:
        return send(client, to)
    except ServiceUnavailableError:
        return ""


def test_a_schema_to_upgrade_is_left_to_migrate(database: str, tmp_path: Path) -> None:
    """Other nodes may be at work with it. A newer one is refused by both."""
    with LocalServer(database=database):
        pass
    flags = ("--data", str(tmp_path / "data"), "--database", database)
    assert _carom("migrate", *flags).stdout == "the schema is up to date\n"
    _execute(database, "UPDATE alembic_version SET version_num = '0003'")
    refused = _carom("serve", *flags, *FREE)
    assert refused.returncode == 1
    assert refused.stderr.startswith("carom: the store has the schema 0003 and this version of Carom needs ")
    assert "carom migrate" in refused.stderr
    _execute(database, "UPDATE alembic_version SET version_num = '9999'")
    for command in (("serve", *flags, *FREE), ("migrate", *flags)):
        refused = _carom(*command)
        assert refused.returncode == 1
        assert refused.stderr.startswith("carom: the store has the schema 9999, which this version of Carom does not")
    assert not (tmp_path / "data").exists()


def test_senders_are_allowed_by_the_command(database: str) -> None:
    """On PostgreSQL it needs the URL."""
    with LocalServer(database=database, strict=True) as server, server.client() as client:
        assert _carom("senders", "allow", "example.com", "--database", database).stdout == "example.com may send\n"
        send(client, "a@example.org")


def test_a_history_is_made_up_beside_a_running_server(database: str) -> None:
    """What it is sent afterwards stands in one list with it."""
    with LocalServer(database=database) as server, server.client() as client:
        made = _carom("history", "generate", "--messages", "300", "--database", database)
        assert (made.returncode, made.stderr) == (0, "")
        assert made.stdout.startswith("300 messages of 40 days are in postgresql://")
        total = {stream: client.get_messages_count(message_stream=stream) for stream in ("outbound", "broadcast")}
        assert sum(total.values()) == 300
        send(client, "a@example.org")
        assert client.get_messages_count() == total["outbound"] + 1
        again = _carom("history", "generate", "--database", database)
        assert (again.returncode, "there is mail in the store already" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("/carom_", "/nothing_"), 'database "nothing_'),
        (("postgresql://postgres:", "postgresql://nobody:"), 'role "nobody" does not exist'),
    ],
)
def test_a_database_that_cannot_be_used_is_named(
    database: str, tmp_path: Path, change: tuple[str, str], reason: str
) -> None:
    """With the reason, without the password, in one line."""
    url = database.replace(*change)
    done = _carom("serve", "--data", str(tmp_path), "--database", url, *FREE)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("carom: cannot use the store postgresql://"), done.stderr
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


def test_nobody_listens_there(tmp_path: Path) -> None:
    """The password is not shown."""
    url = "postgresql://carom:s3cret@127.0.0.1:1/carom"
    done = _carom("serve", "--data", str(tmp_path), "--database", url, *FREE)
    assert done.returncode == 1
    assert done.stderr.startswith("carom: cannot use the store postgresql://127.0.0.1:1/carom: ")
    assert "s3cret" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_driver_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install."""
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    monkeypatch.delitem(sys.modules, "carom.server.store.postgres", raising=False)
    with pytest.raises(ValueError, match=r"pip install 'carom\[postgres\]'"):
        open_database(Settings(database="postgresql://localhost/carom"))


def test_a_notice_wakes_another_node(database: str) -> None:
    """Sooner than the poll would."""

    async def main() -> None:
        one, two = (open_database(Settings(database=database)) for _ in range(2))
        heard = asyncio.Event()
        mute = asyncio.Event()
        one.listen(mute.set)
        two.listen(heard.set)
        await asyncio.wait_for(heard.wait(), 30)  # once when it begins to listen
        await asyncio.wait_for(mute.wait(), 30)
        for event in (heard, mute):
            event.clear()
        one.announce()
        await asyncio.wait_for(heard.wait(), 30)
        assert not mute.is_set()
        await one.close()
        await two.close()

    finished(main())

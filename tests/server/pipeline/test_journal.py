"""What remotes have taken is known after a death in the middle: the journal by itself, and a server that is killed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from carom.server.failpoints import VARIABLE
from carom.server.pipeline import journal as module
from carom.server.pipeline.jobs import Settle
from carom.server.pipeline.journal import Journal
from carom.server.relays import Relays
from carom.server.rules.lifecycle import Event
from carom.server.store.queue import Claim
from carom.testing import LocalServer
from tests.peers.sink import running_sink
from tests.waiting import eventually

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def taken(number: int) -> Settle:
    return Settle(number, Event.ACCEPTED, NOW, {"DeliveryMessage": "smtp;250 ok", "DestinationServer": "mx"})


def test_what_was_noted_is_there_for_the_next(tmp_path: Path) -> None:
    first = Journal(tmp_path / "journal")
    for number in (1, 2):
        first.note(Claim(number, 1, 7), taken(number))
    first.forget(1)  # the store knows: the file may still say so
    first.close()
    left = list(Journal(tmp_path / "journal").left())
    assert [(noted.claim, noted.fact) for noted in left] == [(Claim(n, 1, 7), taken(n)) for n in (1, 2)]


def test_a_line_that_was_torn_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first = Journal(path)
    first.note(Claim(1, 1, 1), taken(1))
    first.close()
    path.write_bytes(path.read_bytes() + b'\n{"claim":{"id":2,"att')
    second = Journal(path)
    second.note(Claim(3, 1, 1), taken(3))
    second.close()
    assert [noted.claim.id for noted in Journal(path).left()] == [1, 3]


def test_it_begins_anew_with_what_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 5_000)
    path = tmp_path / "journal"
    journal = Journal(path)
    for number in range(200):
        journal.note(Claim(number, 1, 1), taken(number))
        if number != 3:
            journal.forget(number)
    journal.close()
    assert path.stat().st_size < 10_000
    left = [noted.claim.id for noted in Journal(path).left()]
    assert left[0] == 3
    assert left[-1] == 199


def test_without_a_file_nothing_is_kept() -> None:
    journal = Journal()
    journal.note(Claim(1, 1, 1), taken(1))
    journal.clear()
    journal.close()
    assert list(journal.left()) == []


@pytest.mark.parametrize("tracked", [False, True], ids=["plain", "tracked"])
def test_a_mail_that_a_remote_took_before_the_kill_is_not_sent_again(tmp_path: Path, tracked: bool) -> None:
    """Killed between the 250 and the commit: the next start records it with its time, and sends nothing."""
    with running_sink() as sink:
        settings: dict[str, Any] = {"mode": "relay", "relay": Relays.read([f"smtp://{sink.host}:{sink.port}?tls=none"])}
        dying = LocalServer(process=True, data=tmp_path, environment={VARIABLE: "deliver.after-250"}, **settings)
        dying.start()
        dying.allow("example.com")
        with dying.client() as client:
            sent = client.deliver(
                from_="a@example.com", to="b@box.example", html_body="<p>Hello</p>", track_opens=tracked
            )
        assert sent.message_id is not None
        assert dying.ended(30) is not None
        dying.kill()
        assert len(sink.deliveries) == 1
        again = LocalServer(process=True, data=tmp_path, **settings)
        again.server_token = dying.server_token
        with again, again.client() as client:
            found = eventually(
                lambda: list(client.get_message(sent.message_id or "").message_events), what="the delivery to be known"
            )
            assert [one.type for one in found] == ["Delivered"]
            other = client.deliver(from_="a@example.com", to="c@box.example", text_body="Hello")
            eventually(lambda: len(sink.deliveries) == 2, what="another mail")
        assert [message_id for message_id, _ in sink.deliveries] == [sent.message_id, other.message_id]
        assert (tmp_path / "journal").stat().st_size < 2_000

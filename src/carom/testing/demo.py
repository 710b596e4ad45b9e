"""carom demo: the main job on a server of its own, with real answers."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from carom import ApiClient, InactiveRecipientError
from carom.cli.bounces import when
from carom.cli.client import print_table
from carom.cli.problems import Problem
from carom.server.rules.scenarios import TEST_DOMAIN
from carom.testing import LocalServer
from carom.wire.bounces import Bounce

FROM = "shop@example.com"
PATIENCE_SECONDS = 60.0


class Case(NamedTuple):
    """A mail of the demo: to whom, what its remote does, and the type of the bounce it becomes."""

    to: str
    story: str
    becomes: str | None


CASES = (
    Case("ann@example.org", "its remote accepts it", None),
    Case(f"hardbounce@{TEST_DOMAIN}", "its remote refuses it: no such user", "HardBounce"),
    Case(f"hardbounce+later@{TEST_DOMAIN}", "its remote accepts it and sends a DSN later", "HardBounce"),
    Case(f"softbounce@{TEST_DOMAIN}", "its remote refuses it: mailbox full", "SoftBounce"),
    Case(f"transient@{TEST_DOMAIN}", "its remote accepts it and reports a delay by DSN", "Transient"),
    Case(f"reply+451-4.3.0@{TEST_DOMAIN}", "its remote says later: it stays in the queue", None),
)


def demo(*, data: Path | None = None) -> None:
    """Send mail on a server of its own, see it bounce, read why, see the dump, reactivate the address.

    With a terminal the server stays up for you to try more; Ctrl-C ends it. Nothing leaves this machine.

    Parameters
    ----------
    data
        Keep the store in this folder; by default it goes when the demo ends.

    """
    _step("starting a server (sandbox mode: mail is delivered by real SMTP, to a remote inside the process)")
    with LocalServer(process=True, data=data) as server, server.client() as client:
        print(f"    http={server.listening.http} smtp={server.listening.smtp} mx={server.listening.mx}")
        _send(client)
        bounces = _wait_for_bounces(client)
        _show_page(client, bounces)
        _reactivate(client, next(bounce for bounce in bounces if bounce.inactive))
        if sys.stdin.isatty() and sys.stdout.isatty():
            _stay(server, next(bounce for bounce in client.bounces(inactive=True)).id)


def _step(text: str) -> None:
    print(f"==> {text}", flush=True)


def _send(client: ApiClient) -> None:
    _step(f"sending {len(CASES)} mails through the Python client")
    for case in CASES:
        sent = client.deliver(from_=FROM, to=case.to, subject="Your order", text_body="It is on its way.", tag="order")
        print(f"    deliver(to={case.to!r}) {sent.message} {sent.message_id}: {case.story}")


def _wait_for_bounces(client: ApiClient) -> Sequence[Bounce]:
    """Wait until every mail that should bounce has: refusals come back at once, DSN mails a moment later."""
    expected = sorted(case.becomes for case in CASES if case.becomes)
    _step(f"waiting for {len(expected)} bounces")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = client.get_bounces(count=100, offset=0)
        if sorted(bounce.type for bounce in found) == expected:
            return found
        time.sleep(0.05)
    listed = ", ".join(bounce.type for bounce in client.get_bounces(count=100, offset=0))
    raise Problem(f"expected the bounces {', '.join(expected)}, found {listed or 'none'}")


def _show_page(client: ApiClient, bounces: Sequence[Bounce]) -> None:
    stats = client.delivery_stats()
    rows = ", ".join(f"{row.name}: {row.count}" for row in stats.bounces)
    _call("delivery_stats()", f"inactive_mails={stats.inactive_mails} bounces=[{rows}]")
    _call(f"get_bounces(count={len(bounces)}, offset=0)", f"total_count={len(bounces)}")
    print_table(
        ("id", "type", "email", "inactive", "bounced_at", "details"),
        ((b.id, b.type, b.email, b.inactive, when(b), b.details.strip()) for b in bounces),
    )
    for bounce in bounces:
        one = client.get_bounce(bounce.id)
        facts = f"{one.type} ({one.type_code}, {one.name!r}) {one.email} inactive={one.inactive}"
        _call(f"get_bounce({one.id})", f"{facts}: {one.details.strip()}")
    hard = next(bounce for bounce in bounces if bounce.inactive)
    body = client.dump_bounce(hard.id).body or ""
    _call(f"dump_bounce({hard.id})", f"{len(body)} characters")
    print("\n".join(f"    | {line}" for line in body.splitlines()))


def _reactivate(client: ApiClient, bounce: Bounce) -> None:
    try:
        client.deliver(from_=FROM, to=bounce.email, subject="Again", text_body="Hello?")
    except InactiveRecipientError as error:
        _call(f"deliver(to={bounce.email!r})", f"refused: {error}")
    before = client.get_bounce(bounce.id).inactive
    activated = client.activate_bounce(bounce.id)
    _call(f"activate_bounce({bounce.id})", f"{activated.email} is active again")
    print(f"inactive: {before} -> {client.get_bounce(bounce.id).inactive}")
    sent = client.deliver(from_=FROM, to=bounce.email, subject="Again", text_body="Hello again.")
    print(f"deliver(to={bounce.email!r}) accepted again: {sent.message} {sent.message_id}")


def _call(call: str, answer: str) -> None:
    print(f"{call} {answer}", flush=True)


def _stay(server: LocalServer, bounce_id: int) -> None:
    print(
        f"""
The server stays up. In another terminal try:

    export POSTMARK_API_URL={server.url}
    export POSTMARK_API_TOKEN={server.server_token}
    carom send --from you@example.com --to badmailbox@{TEST_DOMAIN} --subject Hi --text Hello
    carom bounces stats
    carom bounces list
    carom bounces show {bounce_id}
    carom bounces dump {bounce_id}
    carom bounces activate {bounce_id}
"""
    )
    try:
        input("Enter or Ctrl-C ends it. ")
    except (KeyboardInterrupt, EOFError):
        print()

"""Programs written for Postmark, each on a tour of all that it can do, against ``carom serve``.

The tours (tests/peers/tours) are our own scripts over the clients' public calls. A step that needs an endpoint which is
not served yet says so; as soon as it is served, the step runs.
"""

import json
import shutil
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from carom import AccountApiClient, ApiClient
from carom.testing import LocalServer
from carom.wire._kinds import is_object
from tests.conftest import CI
from tests.e2e.bouncing import at_test_domain, bounce_of, send
from tests.peers.npm_client import modules, npm_is_there
from tests.waiting import eventually

TOURS = Path(__file__).parents[1] / "peers" / "tours"
BOUNCED = at_test_domain("hardbounce")
SUBMITTED = "carl@example.org"

SUBMISSION = f"From: shop@example.com\r\nTo: {SUBMITTED}\r\nSubject: By SMTP\r\nX-PM-Tag: smtp\r\n\r\nHello\r\n"


class Refused(NamedTuple):
    """A step that the server refuses, with Postmark's code."""

    code: int


SEEN: dict[str, Any] = {
    "send": "OK",
    "send nothing": Refused(300),
    "send to inactive": Refused(406),
    "send on no stream": Refused(1235),
    "wrong token": Refused(10),
    "batch": [0, 300],
    "bounce counts": 1,
    "bounces": [1, "HardBounce", BOUNCED],
    "bounce": True,
    "bounce dump": True,
    "reactivate": False,
    "no bounce": Refused(1001),
    "layout": "Layout",
    "template": "tea",
    "show template": "{{name}}",
    "edit template": "Tea",
    "templates": 2,
    "validate": [True, "Ann"],
    "send template": "OK",
    "send no template": Refused(1101),
    "template batch": [0, 1101],
    "push": ["Create", "Create"],
    "delete template": 0,
    "bulk": "Accepted",
    "bulk status": 2,
    "stream": "news",
    "streams": 4,
    "show stream": "News",
    "edit stream": "Old",
    "archive": "news",
    "unarchive": None,
    "no stream": Refused(1226),
    "suppress": "Suppressed",
    "suppressions": ["carl@example.org"],
    "lift": "Deleted",
    "webhook": True,
    "webhooks": 1,
    "show webhook": "https://example.com/hook",
    "edit webhook": "https://example.com/new",
    "delete webhook": 0,
    "no webhook": Refused(1352),
    "rule": "bad@example.org",
    "rules": 1,
    "delete rule": "Rule bad@example.org removed.",
    "messages": ["ann@example.org"],
    "submitted": ["By SMTP", "smtp", "outbound", [SUBMITTED]],
    "message": ["Bounced", "SubscriptionChanged"],
    "dump": True,
    "no message": Refused(701),
    "received": "Tea",
    "received one": "Tea",
    "bypass": Refused(701),
    "retry": Refused(701),
    "opens": [],
    "opens of one": 0,
    "clicks": [],
    "clicks of one": 0,
    "stats": 1,
    "sends": True,
    "bounced": 1,
    "complaints": 0,
    "tracked": 0,
    "opened": 0,
    "platforms": 0,
    "programs": [],
    "read times": [],
    "clicked": 0,
    "browsers": [],
    "click platforms": 0,
    "click places": 0,
    "edit server": "red",
    "new server": 1,
    "servers": 1,
    "show server": "blue",
    "edit other server": True,
    "delete server": 0,
    "no server": Refused(601),
    "wrong account token": Refused(10),
    "domain": "Pending",
    "domains": True,
    "show domain": True,
    "edit domain": True,
    "verify DKIM": False,
    "verify return path": False,
    "verify SPF": True,
    "rotate": Refused(505),
    "delete domain": 0,
    "no domain": Refused(510),
    "sender": False,
    "senders": True,
    "show sender": "Joe",
    "edit sender": "Joseph",
    "resend": 0,
    "verify sender SPF": True,
    "renew sender DKIM": Refused(505),
    "delete sender": 0,
    "no sender": Refused(501),
    "removal": True,
    "removal status": True,
}
"""What a tour is to see at each step. ``server`` shows the server's name, which is each tour's own."""


class Client(NamedTuple):
    """A foreign client: its classes of errors by code (None: all others), what it has no call for, and what it reads
    otherwise than the rest."""

    errors: dict[int | None, str]
    lacks: frozenset[str]
    reads: dict[str, Any]
    names_inactive: bool = True
    """Debian's gem is of a time when "Found inactive addresses" began a line; today's text is one line."""


CLIENTS = {
    "npm": Client(
        {300: "InvalidEmailRequestError", 406: "InactiveRecipientsError", 10: "InvalidAPIKeyError", None: "ApiInputError"},
        frozenset(),
        {},
    ),
    "postmark-python": Client(
        {406: "InactiveRecipientException", 10: "InvalidAPIKeyException", None: "ValidationException"},
        frozenset({"send nothing"}),
        # Stricter than Postmark's answers: it takes no refused item in a batch, so that its tour sends none, and no
        # row of counts without a type.
        {"batch": [0, 0], "template batch": [0, 0], "bounce counts": {"asks for": ["Type", "TypeCode"]}},
    ),
    "postmarker": Client(
        {None: "ClientError"},
        frozenset(
            {"send nothing", "layout", "push", "bulk", "bulk status", "removal", "removal status", "clicks",
             "clicks of one", "new server", "servers", "show server", "edit other server", "delete server", "no server",
             "stream", "streams", "show stream", "edit stream", "archive", "unarchive", "no stream", "suppress",
             "suppressions", "lift", "webhook", "webhooks", "show webhook", "edit webhook", "delete webhook", "no webhook"}
        ),
        {"templates": 1, "bounce tags": [], "tags": []},
        names_inactive=False,
    ),
    "gem": Client(
        {300: "InvalidEmailAddressError", 406: "InactiveRecipientError", 10: "InvalidApiKeyError", None: "ApiInputError"},
        frozenset({"bulk", "bulk status", "bypass", "retry", "removal", "removal status"}),
        {},
        names_inactive=False,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """One ``carom serve`` for all tours: each has servers of its own on it."""
    with LocalServer(process=True) as server:
        yield server


def prepared(server: LocalServer, name: str) -> dict[str, Any]:
    """Make a server that has a bounced message and a received one, and tell a tour where to find them."""
    with AccountApiClient(server.account_token, base_url=server.url) as account:
        mine, other = account.create_server(name=name), account.create_server(name=f"{name} other")
    with ApiClient(mine.api_tokens[0], base_url=server.url) as client:
        message = send(client, BOUNCED)
        bounce = bounce_of(client, message)
        with smtplib.SMTP(server.listening.mx.host, server.listening.mx.port, timeout=30) as smtp:
            smtp.sendmail(
                "bob@example.org", [mine.inbound_address], b"From: bob@example.org\r\nSubject: Tea\r\n\r\nAt five?\r\n"
            )
        with smtplib.SMTP(server.listening.smtp.host, server.listening.smtp.port, timeout=30) as smtp:
            smtp.login(mine.api_tokens[0], mine.api_tokens[0])
            smtp.sendmail("shop@example.com", [SUBMITTED], SUBMISSION)
        [received] = eventually(lambda: list(client.get_messages(count=1, offset=0, inbound=True)), what="the mail")
    return {
        "host": server.listening.http.host,
        "port": server.listening.http.port,
        "server_token": mine.api_tokens[0],
        "account_token": server.account_token,
        "name": name,
        "server_id": mine.id,
        "other_id": other.id,
        "bounced": BOUNCED,
        "submitted": SUBMITTED,
        "bounce": bounce.id,
        "message": message,
        "inbound": received.message_id,
    }


def toured(command: list[str], at: dict[str, Any]) -> dict[str, Any]:
    """Run a tour and return what it saw."""
    done = subprocess.run([*command, json.dumps(at)], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def check(client: Client, seen: dict[str, Any], name: str) -> None:
    """Compare each step with what it is to see; a step may be missing only where the client has no such call."""
    wanted = {
        label: value for label, value in {**SEEN, "server": name, **client.reads}.items() if label not in client.lacks
    }
    assert set(seen) == set(wanted)
    different = {
        label: (found, wanted[label]) for label, found in seen.items() if not same(client, found, wanted[label])
    }
    assert not different, "\n".join(f"{label}: {pair}" for label, pair in different.items())


def same(client: Client, found: Any, wanted: Any) -> bool:
    """Whether a step saw what it was to see."""
    if not isinstance(wanted, Refused):
        return bool(found == wanted)
    kind = client.errors.get(wanted.code, client.errors[None])
    if not is_object(found):
        return False
    named = [BOUNCED] if wanted.code == 406 and client.names_inactive else []
    return (found["refused"], found["class"], found.get("recipients") or []) == (wanted.code, kind, named)


@pytest.mark.debian("ruby-postmark")
def test_the_gem(server: LocalServer) -> None:
    """Debian's ruby-postmark."""
    seen = toured(["ruby", str(TOURS / "gem.rb")], prepared(server, "gem"))
    check(CLIENTS["gem"], seen, "gem")


def test_the_npm_client(server: LocalServer) -> None:
    """Postmark's own client for JavaScript."""
    if not npm_is_there():
        reason = "node and npm are not installed"
        pytest.fail(reason) if CI else pytest.skip(reason)
    node = shutil.which("node")
    assert node is not None
    at = {**prepared(server, "npm"), "modules": str(modules())}
    check(CLIENTS["npm"], toured([node, str(TOURS / "npm.cjs")], at), "npm")


@pytest.mark.parametrize("name", ["postmark-python", "postmarker"])
def test_the_python_clients(server: LocalServer, name: str) -> None:
    """Those on PyPI: the official one, and the one that was there before."""
    script = TOURS / f"{name.replace('-', '_')}_tour.py"
    check(CLIENTS[name], toured([sys.executable, str(script)], prepared(server, name)), name)

"""Suppressions of a stream, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from carom.server.store import suppressions
from carom.taxonomy import Origin, Suppresses, SuppressionReason
from tests.contract.conftest import OTHER_TOKEN, Server
from tests.stores import NOW

pytestmark = pytest.mark.anyio

LIST = "/message-streams/outbound/suppressions"
NO_AUTHORITY = "You do not have the required authority to change this suppression."


def _body(*emails: str) -> dict[str, Any]:
    return {"Suppressions": [{"EmailAddress": email} for email in emails]}


async def _statuses(server: Server, path: str, *emails: str) -> list[tuple[str, str | None]]:
    answer = await server.post(f"{LIST}{path}", _body(*emails))
    assert [one["EmailAddress"] for one in answer["Suppressions"]] == list(emails)
    return [(one["Status"], one["Message"]) for one in answer["Suppressions"]]


async def _listed(server: Server, query: str = "") -> list[str]:
    return [one["EmailAddress"] for one in (await server.get(f"{LIST}/dump{query}"))["Suppressions"]]


async def _put(server: Server, email: str, reason: SuppressionReason, origin: Origin) -> None:
    what = Suppresses(reason, origin)
    tenant = server.store.tenant
    assert await server.store.database.write(suppressions.add, tenant.server_id, "outbound", email, what, NOW)


async def test_a_suppressed_address_gets_no_mail_of_the_stream(server: Server) -> None:
    """By hand, at once, and on that stream alone; what is no address fails by itself."""
    assert await _statuses(server, "", "Ann@example.org", "nobody", "bob@example.org") == [
        ("Suppressed", None),
        ("Failed", "An invalid email address was provided."),
        ("Suppressed", None),
    ]
    dump = await server.get(f"{LIST}/dump")
    assert dump["Suppressions"][0] == {
        "EmailAddress": "ann@example.org",
        "SuppressionReason": "ManualSuppression",
        "Origin": "Customer",
        "CreatedAt": "2026-11-23T12:00:00.1234560Z",
    }
    email = {"From": "me@example.com", "To": "ANN@example.org", "TextBody": "x"}
    assert (await server.call("POST", "/email", email)).code == (422, 406)
    await server.post("/email", {**email, "MessageStream": "broadcast"})
    assert await _statuses(server, "/delete", "ann@example.org") == [("Deleted", None)]
    await server.post("/email", email)
    assert await _listed(server) == ["bob@example.org"]


LIFT = [
    (SuppressionReason.MANUAL_SUPPRESSION, Origin.CUSTOMER, True),
    (SuppressionReason.HARD_BOUNCE, Origin.RECIPIENT, True),
    (SuppressionReason.SPAM_COMPLAINT, Origin.RECIPIENT, False),
    (SuppressionReason.MANUAL_SUPPRESSION, Origin.RECIPIENT, False),
    (SuppressionReason.MANUAL_SUPPRESSION, Origin.ADMIN, False),
    (SuppressionReason.HARD_BOUNCE, Origin.ADMIN, False),
]


@pytest.mark.parametrize(("reason", "origin", "may"), LIFT)
async def test_who_may_lift_what(server: Server, reason: SuppressionReason, origin: Origin, may: bool) -> None:
    """A complaint never, a recipient's own wish never, Postmark's staff never."""
    await _put(server, "ann@example.org", reason, origin)
    assert await _statuses(server, "/delete", "Ann@Example.org") == [
        ("Deleted", None) if may else ("Failed", NO_AUTHORITY)
    ]
    assert await _listed(server) == ([] if may else ["ann@example.org"])


async def test_suppressing_again_changes_nothing(server: Server) -> None:
    """A complaint says that it cannot be changed."""
    await _put(server, "ann@example.org", SuppressionReason.HARD_BOUNCE, Origin.RECIPIENT)
    await _put(server, "bob@example.org", SuppressionReason.SPAM_COMPLAINT, Origin.RECIPIENT)
    assert await _statuses(server, "", "ann@example.org", "bob@example.org") == [
        ("Suppressed", None),
        ("Failed", NO_AUTHORITY),
    ]
    assert await _listed(server, "?suppressionReason=HardBounce") == ["ann@example.org"]


async def test_a_complaint_takes_the_place_of_a_hard_bounce(server: Server) -> None:
    """Else whoever may lift the bounce could lift the complaint with it."""
    await _put(server, "ann@example.org", SuppressionReason.HARD_BOUNCE, Origin.RECIPIENT)
    complaint = Suppresses(SuppressionReason.SPAM_COMPLAINT, Origin.RECIPIENT)
    again = (server.store.tenant.server_id, "outbound", "Ann@example.org", complaint, NOW)
    assert await server.store.database.write(suppressions.add, *again)
    assert not await server.store.database.write(suppressions.add, *again)
    assert await _listed(server, "?suppressionReason=SpamComplaint") == ["ann@example.org"]
    assert await _statuses(server, "/delete", "ann@example.org") == [("Failed", NO_AUTHORITY)]


async def test_lifting_what_is_not_there_is_done(server: Server) -> None:
    """Clients clean up without looking."""
    assert await _statuses(server, "/delete", "ann@example.org", "x") == [
        ("Deleted", None),
        ("Failed", "An invalid email address was provided."),
    ]


async def test_filters_combine(server: Server) -> None:
    """Values without regard to case; dates of both ends included."""
    await _put(server, "ann@example.org", SuppressionReason.HARD_BOUNCE, Origin.RECIPIENT)
    server.now += timedelta(days=2)
    await server.post(LIST, _body("bob@example.org", "carl@example.org"))
    for query, expected in (
        ("", ["bob@example.org", "carl@example.org", "ann@example.org"]),
        ("?origin=recipient", ["ann@example.org"]),
        ("?SuppressionReason=ManualSuppression&EmailAddress=BOB@example.org", ["bob@example.org"]),
        ("?SuppressionReason=HardBounce&EmailAddress=bob@example.org", []),
        ("?fromdate=2026-11-24", ["bob@example.org", "carl@example.org"]),
        ("?todate=2026-11-23", ["ann@example.org"]),
        ("?fromdate=2026-11-23&todate=2026-11-25", ["bob@example.org", "carl@example.org", "ann@example.org"]),
    ):
        assert await _listed(server, query) == expected, query


@pytest.mark.parametrize(
    ("query", "code"), [("?suppressionReason=Bored", 1404), ("?origin=Nobody", 1405), ("?fromdate=soon", 403)]
)
async def test_bad_filters_are_refused(server: Server, query: str, code: int) -> None:
    """Never an empty list."""
    assert (await server.call("GET", f"{LIST}/dump{query}")).code == (422, code)


@pytest.mark.parametrize("path", ["", "/delete"])
async def test_a_request_holds_one_to_fifty(server: Server, path: str) -> None:
    """None of too many is done."""
    faults: list[tuple[dict[str, Any], int]] = [({}, 1409), ({"Suppressions": []}, 1409), ({"Suppressions": "x"}, 403)]
    for body, code in faults:
        assert (await server.call("POST", f"{LIST}{path}", body)).code == (422, code)
    many = [f"a{number}@example.org" for number in range(51)]
    assert (await server.call("POST", f"{LIST}{path}", _body(*many))).code == (422, 1410)
    assert await _listed(server) == []
    assert len(await _statuses(server, path, *many[:50])) == 50


async def test_lists_are_of_one_server(server: Server) -> None:
    """Another tenant's stream of the same name has a list of its own; an unknown one is refused."""
    await server.post(LIST, _body("ann@example.org"))
    assert (await server.call("GET", f"{LIST}/dump", token=OTHER_TOKEN)).ok == {"Suppressions": []}
    await server.post(f"{LIST}/delete", _body("ann@example.org"), token=OTHER_TOKEN)
    assert await _listed(server) == ["ann@example.org"]
    for path in ("", "/delete"):
        refused = await server.call("POST", f"/message-streams/no/suppressions{path}", _body("a@example.org"))
        assert refused.code == (422, 1226)
        assert (await server.call("POST", f"{LIST}{path}", _body("a@example.org"), token="x")).code == (401, 10)

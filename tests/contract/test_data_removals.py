"""Data removals as they are asked for, on both databases. What they erase is tested with the store."""

from typing import Any

import pytest
import sqlalchemy as sa

from carom.server.store import data_removals
from carom.server.store.schema import data_removal, job
from tests.contract.conftest import STRANGER, Server
from tests.stores import NOW

pytestmark = pytest.mark.anyio

ASKED = {"RequestedBy": "me@example.com", "RequestedFor": "Ann@Example.org", "NotifyWhenCompleted": True}


async def test_a_request_is_pending_until_its_job_has_run(server: Server) -> None:
    """Then the address is erased from the request too."""
    asked = (await server.account("POST", "/data-removals", ASKED)).ok
    assert asked == {"ID": 1000, "Status": "Pending"}
    assert (await server.account("GET", "/Data-Removals/1000/")).ok == asked
    kept = await server.store.database.read(lambda c: c.execute(sa.select(job.c.kind, job.c.payload)).all())
    assert [tuple(row) for row in kept] == [("erase", {"data_removal_id": 1000})]
    await server.store.database.write(data_removals.finish, 1000, NOW)
    assert (await server.account("GET", "/data-removals/1000")).ok == {"ID": 1000, "Status": "Done"}
    left = await server.store.database.read(lambda c: c.execute(sa.select(data_removal)).one())
    assert (left.requested_by, left.requested_for) == ("me@example.com", "")


FAULTS: list[dict[str, Any]] = [
    {},
    {"RequestedBy": "me@example.com"},
    {"RequestedFor": "ann@example.org"},
    {**ASKED, "RequestedBy": None},
    {**ASKED, "RequestedFor": " "},
    {**ASKED, "RequestedFor": "nobody"},
    {**ASKED, "RequestedFor": "a@b.example, c@d.example"},
    {**ASKED, "RequestedBy": "nobody"},
    {**ASKED, "NotifyWhenCompleted": "perhaps"},
    {**ASKED, "RequestedFor": 5},
]


@pytest.mark.parametrize("body", FAULTS, ids=str)
async def test_a_request_that_cannot_be_is_1300(server: Server, body: dict[str, Any]) -> None:
    assert (await server.account("POST", "/data-removals", body)).code == (422, 1300)
    count = sa.select(sa.func.count()).select_from(job)
    assert await server.store.database.read(lambda c: c.execute(count).scalar_one()) == 0


async def test_notifying_need_not_be_said(server: Server) -> None:
    body = {name: value for name, value in ASKED.items() if name != "NotifyWhenCompleted"}
    assert (await server.account("POST", "/data-removals", body)).ok["Status"] == "Pending"


async def test_a_request_of_another_account_is_as_if_not_there(server: Server) -> None:
    theirs = (await server.account("POST", "/data-removals", ASKED, token=STRANGER.account)).ok
    for removal_id in (theirs["ID"], 999_999, 0, "x", 2**70):
        assert (await server.account("GET", f"/data-removals/{removal_id}")).code == (422, 1301)

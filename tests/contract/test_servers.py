"""The servers of an account, on both databases."""

from typing import Any

import pytest
import sqlalchemy as sa

from carom.server.store import removal, schema
from tests.contract.conftest import STRANGER, Server
from tests.contract.test_server import EVERYTHING
from tests.stores import TOKENS

pytestmark = pytest.mark.anyio

NOBODYS = 999_999


async def made(server: Server, **fields: Any) -> Any:
    return (await server.account("POST", "/servers", {"Name": "Shop", **fields})).ok


async def test_a_server_is_made_with_its_defaults(server: Server) -> None:
    """And the answer is what its own token sees."""
    shop = await made(server)
    [token] = shop["ApiTokens"]
    assert await server.get("/server", token=token) == shop
    assert (await server.account("GET", f"/servers/{shop['ID']}")).ok == shop
    assert len(token) == 36
    assert len(shop["InboundHash"]) == 32
    assert shop["InboundAddress"] == f"{shop['InboundHash']}@inbound.carom.test"
    assert shop["ServerLink"].endswith(f"/servers/{shop['ID']}/streams")
    assert {name: shop[name] for name in shop if name not in {"ApiTokens", "ID", "ServerLink"} and "Inbound" not in name} == {
        "Name": "Shop",
        "Color": "purple",
        "SmtpApiActivated": True,
        "RawEmailEnabled": False,
        "DeliveryType": "Live",
        "BounceHookUrl": "",
        "OpenHookUrl": "",
        "DeliveryHookUrl": "",
        "ClickHookUrl": "",
        "PostFirstOpenOnly": False,
        "TrackOpens": False,
        "TrackLinks": "None",
        "IncludeBounceContentInHook": False,
        "EnableSmtpApiErrorHooks": False,
    }  # fmt: skip


async def test_what_is_given_comes_back(server: Server) -> None:
    shop = await made(server, **{**EVERYTHING, "Color": "Red", "DeliveryType": "sandbox"})
    assert {name: shop[name] for name in EVERYTHING} == {**EVERYTHING, "Color": "red"}
    assert shop["DeliveryType"] == "Sandbox"


async def test_a_new_server_has_three_streams_and_its_token_works_at_once(server: Server) -> None:
    token = (await made(server))["ApiTokens"][0]
    streams = (await server.get("/message-streams?MessageStreamType=All", token=token))["MessageStreams"]
    assert [(one["ID"], one["MessageStreamType"]) for one in streams] == [
        ("broadcast", "Broadcasts"), ("inbound", "Inbound"), ("outbound", "Transactional"),
    ]  # fmt: skip
    sent = await server.post("/email", {"From": "me@example.com", "To": "a@example.org", "TextBody": "x"}, token=token)
    assert sent["ErrorCode"] == 0


async def test_the_list_finds_a_part_of_a_name(server: Server) -> None:
    """Page by page, in any case, a wildcard being a letter like another."""
    names = ["Shop 1", "shop 2", "Stall", "100% wool_", "2026-11-23T12:00:00+01:00"]
    for name in names:
        await made(server, Name=name)

    async def found(query: str) -> tuple[int, list[str]]:
        page = (await server.account("GET", f"/servers?{query}")).ok
        return page["TotalCount"], [one["Name"] for one in page["Servers"]]

    assert await found("count=2&offset=1") == (7, ["Other", "Shop 1"])
    assert await found("count=5&offset=0&name=SHOP") == (2, ["Shop 1", "shop 2"])
    assert await found("count=1&offset=1&Name=shop") == (2, ["shop 2"])
    assert await found("count=5&offset=0&name=%25") == (1, ["100% wool_"])
    assert await found("count=5&offset=0&name=_") == (1, ["100% wool_"])
    assert await found("count=5&offset=0&name=0%2B01") == (1, ["2026-11-23T12:00:00+01:00"])
    assert await found("count=5&offset=9") == (7, [])


@pytest.mark.parametrize(
    "query",
    ["", "count=1", "offset=1", "count=501&offset=0", "count=-1&offset=0", "count=1&offset=-1", "count=x&offset=0"],
)  # fmt: skip
async def test_bad_pages_are_600(server: Server, query: str) -> None:
    assert (await server.account("GET", f"/servers?{query}")).code == (422, 600)


async def test_an_edit_leaves_what_is_not_given(server: Server) -> None:
    """Its own token sees the change; the type of delivery stays."""
    shop = await made(server)
    path = f"/servers/{shop['ID']}"
    edited = (await server.account("PUT", path, {"Color": "Blue", "Name": "Store", "DeliveryType": "Sandbox"})).ok
    assert edited == {**shop, "Color": "blue", "Name": "Store"}
    assert (await server.account("PUT", path, {"TrackOpens": True, "Name": None})).ok == {**edited, "TrackOpens": True}
    assert await server.get("/server", token=shop["ApiTokens"][0]) == {**edited, "TrackOpens": True}


FAULTS: list[tuple[dict[str, Any], int]] = [
    ({}, 609),
    ({"Color": "red"}, 608),
    ({"Name": " "}, 608),
    ({"Name": "a\0b"}, 403),
    ({"Name": "Other"}, 603),
    ({"Name": "New", "InboundDomain": "IN.example.com"}, 602),
    ({"Name": "New", "InboundDomain": "in.postmarkapp.com"}, 608),
    ({"Name": "New", "BounceHookUrl": "example.com/x"}, 606),
    ({"Name": "New", "Color": "Pink"}, 607),
    ({"Name": "New", "InboundSpamThreshold": 31}, 611),
    ({"Name": "New", "TrackLinks": "All"}, 612),
    ({"Name": "New", "DeliveryType": "Dry"}, 613),
    ({"Name": "New", "TrackOpens": "perhaps"}, 403),
]


async def test_faults_are_refused_and_make_nothing(server: Server) -> None:
    await server.call("PUT", "/server", {"InboundDomain": "in.example.com"})
    for fields, code in FAULTS:
        assert (await server.account("POST", "/servers", fields)).code == (422, code), fields
    assert (await server.account("GET", "/servers?count=1&offset=0")).ok["TotalCount"] == 2


async def test_a_name_is_taken_in_one_account_only(server: Server) -> None:
    """Two accounts know nothing of each other."""
    assert (await server.account("POST", "/servers", {"Name": "Other"}, token=STRANGER.account)).ok["Name"] == "Other"


async def test_a_server_of_another_account_is_as_if_not_there(server: Server) -> None:
    theirs = (await server.get("/server", token=STRANGER.server))["ID"]
    for server_id in (theirs, NOBODYS, 0, 1, "x", 2**70):
        path = f"/servers/{server_id}"
        for method, body in (("GET", None), ("PUT", {"Name": "Mine"}), ("DELETE", None)):
            assert (await server.account(method, path, body)).code == (422, 601), (method, path)
    assert (await server.get("/server", token=STRANGER.server))["Name"] == "My First Server"


async def test_a_removed_server_is_gone_at_once(server: Server) -> None:
    """Its token, its place in the list, its name, and the mail that it had queued."""
    shop = await made(server)
    token = shop["ApiTokens"][0]
    email = {"From": "me@example.com", "To": "ann@example.org", "TextBody": "x"}
    await server.post("/email", email, token=token)
    await server.post("/webhooks", {"Url": "https://example.com/hook"}, token=token)
    await server.post("/triggers/inboundrules", {"Rule": "spam.example"}, token=token)
    await server.post("/templates", {"Name": "A", "Subject": "S", "TextBody": "T"}, token=token)
    removed = (await server.account("DELETE", f"/servers/{shop['ID']}")).ok
    assert removed == {"ErrorCode": 0, "Message": "Server Shop removed."}
    assert (await server.call("POST", "/email", email, token=token)).code == (401, 10)
    assert (await server.account("GET", f"/servers/{shop['ID']}")).code == (422, 601)
    assert (await server.account("DELETE", f"/servers/{shop['ID']}")).code == (422, 601)
    assert (await server.account("GET", "/servers?count=9&offset=0")).ok["TotalCount"] == 2
    assert (await made(server))["ID"] > shop["ID"]


async def rows(server: Server, server_id: int) -> dict[str, int]:
    """Count what the tables hold of a server."""

    def counted(connection: sa.Connection) -> dict[str, int]:
        of = [table for table in schema.metadata.sorted_tables if "server_id" in table.c]
        counts = (sa.select(sa.func.count()).select_from(table).where(table.c.server_id == server_id) for table in of)
        found = [connection.execute(query).scalar_one() for query in counts]
        return {table.name: number for table, number in zip(of, found, strict=True) if number}

    return await server.store.database.read(counted)


async def test_the_mail_of_a_removed_server_goes_in_slices(server: Server) -> None:
    """And that of others stays."""
    shop = await made(server)
    for number in range(5):
        await server.post(
            "/email", {"From": "me@example.com", "To": f"a{number}@example.org", "TextBody": "x"},
            token=shop["ApiTokens"][0],
        )  # fmt: skip
    await server.post(
        "/message-streams/outbound/suppressions", {"Suppressions": [{"EmailAddress": "b@example.org"}]},
        token=shop["ApiTokens"][0],
    )  # fmt: skip
    kept = await server.send()
    await server.account("DELETE", f"/servers/{shop['ID']}")
    assert await rows(server, shop["ID"]) == {"message": 5, "recipient": 5, "suppression": 1}
    turns = 0
    while await server.store.database.write(removal.purge_server, shop["ID"], 2):
        turns += 1
    assert turns >= 4
    assert await rows(server, shop["ID"]) == {}
    assert (await server.get(f"/messages/outbound/{kept}/details", token=TOKENS.server))["MessageID"] == kept

"""The sender signatures of an account, on both databases."""

from email.parser import HeaderParser
from email.policy import default
from typing import Any

import pytest
import sqlalchemy as sa

from carom.server.store import senders
from carom.server.store.schema import job
from tests.contract.conftest import STRANGER, Server
from tests.stores import NOW

pytestmark = pytest.mark.anyio

JANE = {
    "FromEmail": "Jane+Shop@Example.com",
    "Name": "Jane Doe",
    "ReplyToEmail": "reply@example.org",
    "ReturnPathDomain": "pm.example.com",
    "ConfirmationPersonalNote": "It is me, Joe.",
}


async def made(server: Server, **fields: Any) -> Any:
    return (await server.account("POST", "/senders", {**JANE, **fields})).ok


async def mails_to(server: Server) -> list[int]:
    """The signatures whose addresses are to be mailed a link."""

    def due(connection: sa.Connection) -> list[int]:
        payloads = connection.scalars(sa.select(job.c.payload).where(job.c.kind == "confirm").order_by(job.c.id))
        return [payload["sender_id"] for payload in payloads]

    return await server.store.database.read(due)


async def test_a_signature_is_added_and_its_address_mailed(server: Server) -> None:
    """It shows the records of its domain, which is a domain of the account from then on."""
    jane = await made(server)
    assert (await server.account("GET", f"/senders/{jane['ID']}")).ok == jane
    assert await mails_to(server) == [jane["ID"]]
    own = {
        "ID": jane["ID"],
        "Domain": "example.com",
        "EmailAddress": "Jane+Shop@Example.com",
        "ReplyToEmailAddress": "reply@example.org",
        "Name": "Jane Doe",
        "Confirmed": False,
        "ConfirmationPersonalNote": "It is me, Joe.",
    }
    [domain] = (await server.account("GET", "/domains?count=9&offset=0")).ok["Domains"]
    records = (await server.account("GET", f"/domains/{domain['ID']}")).ok
    shared = {name: value for name, value in records.items() if name not in {"ID", "Name"} and "Custom" not in name}
    assert jane == {**shared, **own}
    assert jane["ReturnPathDomain"] == "pm.example.com"
    assert jane["DKIMPendingHost"] == "20261123120000pm._domainkey.example.com"


async def test_what_is_not_given_is_empty(server: Server) -> None:
    jane = (
        await server.account(
            "POST",
            "/senders/",
            {"FromEmail": "jane@example.com", "Name": "Jane", "ReplyToEmail": None, "ReturnPathDomain": None},
        )
    ).ok
    assert (jane["ReplyToEmailAddress"], jane["ReturnPathDomain"], jane["ConfirmationPersonalNote"]) == ("", "", "")


FAULTS: list[tuple[dict[str, Any], int]] = [
    ({"FromEmail": ""}, 520),
    ({"FromEmail": None}, 520),
    ({"Name": " "}, 520),
    ({"Name": None}, 520),
    ({"FromEmail": "jane"}, 522),
    ({"FromEmail": "Jane <jane@example.org>"}, 522),
    ({"FromEmail": "jane@b\u00fccher.example"}, 522),
    ({"FromEmail": "jane@gmail.com"}, 503),
    ({"FromEmail": "jane+shop@example.com"}, 504),
    ({"FromEmail": "new@new.example", "ReplyToEmail": "nobody"}, 522),
    ({"FromEmail": "new@new.example", "ReturnPathDomain": "pm.example.com"}, 522),
    ({"FromEmail": "new@new.example", "ReturnPathDomain": "", "Name": "a\0b"}, 403),
    ({"FromEmail": "new@new.example", "ReturnPathDomain": "", "Name": "a" * 256}, 521),
    ({"FromEmail": "new@new.example", "ReturnPathDomain": "", "ConfirmationPersonalNote": "a" * 401}, 521),
    ({"FromEmail": ["a@b.example"]}, 403),
]


async def test_faults_are_refused_and_add_nothing(server: Server) -> None:
    await made(server)
    assert (await server.account("POST", "/senders", {})).code == (422, 502)
    for fields, code in FAULTS:
        assert (await server.account("POST", "/senders", {**JANE, **fields})).code == (422, code), fields
    assert (await server.account("GET", "/senders?count=9&offset=0")).ok["TotalCount"] == 1
    assert (await server.account("GET", "/domains?count=9&offset=0")).ok["TotalCount"] == 1
    assert len(await mails_to(server)) == 1


@pytest.mark.parametrize("query", ["", "count=1", "count=501&offset=0", "count=1&offset=-1", "count=a&offset=0"])
async def test_bad_pages_are_500(server: Server, query: str) -> None:
    assert (await server.account("GET", f"/senders?{query}")).code == (422, 500)


async def test_signatures_are_listed_page_by_page(server: Server) -> None:
    for name in "abc":
        await made(server, FromEmail=f"{name}@example.com")
    await server.account("POST", "/senders", {**JANE, "FromEmail": "d@example.com"}, token=STRANGER.account)
    page = (await server.account("GET", "/senders?count=1&offset=1")).ok
    assert page["TotalCount"] == 3
    [second] = page["SenderSignatures"]
    assert {**second, "ID": 0} == {
        "ID": 0,
        "Domain": "example.com",
        "EmailAddress": "b@example.com",
        "ReplyToEmailAddress": "reply@example.org",
        "Name": "Jane Doe",
        "Confirmed": False,
    }


async def test_an_edit_changes_what_is_given(server: Server) -> None:
    """The address stays, whatever is given."""
    jane = await made(server)
    path = f"/senders/{jane['ID']}"
    renamed = (await server.account("PUT", path, {"Name": "Jane D.", "FromEmail": "x@example.com"})).ok
    assert renamed == {**jane, "Name": "Jane D."}
    edit = {"ReplyToEmail": "", "ReturnPathDomain": "x.example.com", "ConfirmationPersonalNote": "Hi"}
    edited = (await server.account("PUT", path, edit)).ok
    assert edited == {
        **renamed,
        "ReplyToEmailAddress": "",
        "ReturnPathDomain": "x.example.com",
        "ConfirmationPersonalNote": "Hi",
    }
    assert (await server.account("GET", path)).ok == edited
    for body, code in (
        ({}, 502),
        ({"FromEmail": "x@example.com"}, 502),
        ({"Name": ""}, 520),
        ({"ReplyToEmail": "x"}, 522),
        ({"ReturnPathDomain": "example.com"}, 522),
        ({"ConfirmationPersonalNote": "a" * 401}, 521),
    ):
        assert (await server.account("PUT", path, body)).code == (422, code), body
    assert (await server.account("GET", path)).ok == edited


async def test_a_removed_signature_can_be_added_again_at_once(server: Server) -> None:
    jane = await made(server)
    removed = (await server.account("DELETE", f"/senders/{jane['ID']}")).ok
    assert removed == {"ErrorCode": 0, "Message": "Signature Jane+Shop@Example.com removed."}
    assert (await server.account("DELETE", f"/senders/{jane['ID']}")).code == (422, 501)
    assert (await made(server))["ID"] > jane["ID"]


async def test_the_mail_is_sent_again_until_it_is_confirmed(server: Server) -> None:
    jane = await made(server)
    path = f"/senders/{jane['ID']}"
    said = (await server.account("POST", f"{path}/resend")).ok
    assert said == {
        "ErrorCode": 0,
        "Message": "Confirmation email for Sender Signature Jane+Shop@Example.com was re-sent.",
    }
    assert await mails_to(server) == [jane["ID"]] * 2
    assert await server.store.database.write(senders.confirm, jane["ID"], NOW) == "Jane+Shop@Example.com"
    assert (await server.account("GET", path)).ok == {**jane, "Confirmed": True}
    assert (await server.account("POST", f"{path}/resend", {})).code == (422, 506)
    assert len(await mails_to(server)) == 2


async def test_spf_is_always_verified(server: Server) -> None:
    jane = await made(server)
    assert (await server.account("POST", f"/senders/{jane['ID']}/verifySpf")).ok == {**jane, "SPFVerified": True}


async def test_a_new_key_is_one_of_the_domain(server: Server) -> None:
    """Refused while one waits; where the domain was removed, it comes back with one."""
    jane = await made(server)
    path = f"/senders/{jane['ID']}"
    refused = await server.account("POST", f"{path}/requestNewDKIM")
    assert refused.code == (422, 505)
    assert refused.json["Message"] == "This DKIM is already being renewed."
    [domain] = (await server.account("GET", "/domains?count=9&offset=0")).ok["Domains"]
    await server.account("DELETE", f"/domains/{domain['ID']}")
    without = (await server.account("GET", path)).ok
    assert (without["DKIMPendingHost"], without["ReturnPathDomain"], without["SPFHost"]) == ("", "", "example.com")
    asked = (await server.account("POST", f"{path}/requestnewdkim")).ok
    assert asked == {"ErrorCode": 0, "Message": "New DKIM has been requested."}
    assert (await server.account("GET", path)).ok["DKIMPendingHost"] == jane["DKIMPendingHost"]


CALLS = (
    ("GET", ""),
    ("PUT", ""),
    ("POST", "/resend"),
    ("POST", "/verifyspf"),
    ("POST", "/requestnewdkim"),
    ("DELETE", ""),
)


async def test_a_signature_of_another_account_is_as_if_not_there(server: Server) -> None:
    theirs = (await server.account("POST", "/senders", JANE, token=STRANGER.account)).ok
    mine = await made(server)
    assert mine["EmailAddress"] == theirs["EmailAddress"]
    for sender_id in (theirs["ID"], 999_999, 1, "x", 2**70):
        for method, rest in CALLS:
            refused = await server.account(method, f"/senders/{sender_id}{rest}", {"Name": "Mine"})
            assert refused.code == (422, 501), (method, rest)
    assert (await server.account("GET", f"/senders/{theirs['ID']}", token=STRANGER.account)).ok == theirs


async def test_an_address_allowed_by_hand_is_a_confirmed_signature(server: Server) -> None:
    """The rows that ``carom senders allow`` writes are the same; an address that waits is confirmed by it."""
    account_id = server.store.tenant.account_id
    jane = await made(server)
    assert await server.store.database.read(senders.may_send, account_id, "jane+shop@example.com") is False
    assert await server.store.database.read(senders.may_send, account_id, "joe@example.com") is None
    for address in ("Jane+Shop@example.com", "Bob@example.net"):
        await server.store.database.write(senders.allow, account_id, address, NOW)
        assert await server.store.database.read(senders.may_send, account_id, address) is True
    listed = (await server.account("GET", "/senders?count=9&offset=0")).ok["SenderSignatures"]
    assert [(one["EmailAddress"], one["Confirmed"]) for one in listed] == [
        (jane["EmailAddress"], True), ("Bob@example.net", True),
    ]  # fmt: skip
    shown = (await server.account("GET", f"/senders/{listed[1]['ID']}")).ok
    assert (shown["Domain"], shown["DKIMPendingHost"]) == ("example.net", "")


@pytest.mark.parametrize(
    ("fields", "from_", "reply_to"),
    [
        ({"From": "Joe@Foo.example"}, "Joe Doe, Jr <Joe@Foo.example>", "help@foo.example"),
        ({"From": "Me <joe@foo.example>", "ReplyTo": ""}, "Me <joe@foo.example>", "help@foo.example"),
        ({"From": "joe@foo.example", "ReplyTo": "a@b.example"}, "Joe Doe, Jr <joe@foo.example>", "a@b.example"),
        ({"From": "jane@foo.example"}, "jane@foo.example", None),
    ],
)
async def test_a_message_has_the_name_and_reply_to_of_its_signature(
    server: Server, fields: dict[str, str], from_: str, reply_to: str | None
) -> None:
    """Unless it has its own; another account's signature of the address is nobody's."""
    theirs = {"FromEmail": "jane@foo.example", "Name": "Not mine", "ReplyToEmail": "eve@foo.example"}
    assert (await server.account("POST", "/senders", theirs, token=STRANGER.account)).status == 200
    mine = {"FromEmail": "joe@foo.example", "Name": "Joe\r\nDoe, Jr", "ReplyToEmail": "help@foo.example"}
    assert (await server.account("POST", "/senders", mine)).status == 200
    message_id = await server.send(**fields)
    raw = (await server.get(f"/messages/outbound/{message_id}/dump"))["Body"]
    head = HeaderParser(policy=default).parsestr(raw)
    assert str(head["From"]).replace('"', "") == from_
    assert head["Reply-To"] == reply_to

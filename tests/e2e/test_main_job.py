"""Mail is sent, it bounces; whoever sent it lists the bounce, reads why, sees the dump and reactivates the address."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from typing import cast

import pytest

from carom import ApiClient, AsyncBounce, BounceType, InactiveRecipientError, NotFoundError
from carom.testing import LocalServer, fresh_database
from tests.e2e.bouncing import FROM, at_test_domain, bounce_of, bring_home, send
from tests.waiting import eventually


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def carom_server(request: pytest.FixtureRequest) -> Iterator[LocalServer]:
    """A server on each database."""
    with contextlib.ExitStack() as stack:
        database = None
        if request.param == "postgresql":
            database = stack.enter_context(fresh_database(request.getfixturevalue("postgres_url")))
        yield stack.enter_context(LocalServer(database=database))


def test_a_refusal_becomes_a_hard_bounce_that_can_be_lifted(carom_client: ApiClient) -> None:
    """The five calls of the bounce page, on a refusal at RCPT."""
    to = at_test_domain("reply+550-5.1.1")
    message_id = send(carom_client, to, tag="order", metadata={"order": "17"})
    bounce = bounce_of(carom_client, message_id)
    assert (bounce.type, bounce.type_code, bounce.name) == ("HardBounce", 1, "Hard bounce")
    assert bounce.type == BounceType.HARD_BOUNCE
    assert (bounce.email, bounce.from_, bounce.subject, bounce.tag) == (to, FROM, "Your order", "order")
    assert bounce.details.startswith("smtp;550 5.1.1 ")
    assert (bounce.inactive, bounce.can_activate, bounce.dump_available) == (True, True, True)
    assert bounce.message_id == message_id
    assert bounce.content is None

    one = carom_client.get_bounce(bounce.id)
    dump = carom_client.dump_bounce(bounce.id).body
    assert dump is not None
    assert one.content == dump
    _is_report(dump, final_recipient=to, status="5.1.1", action="failed")
    assert "RCPT TO:" in dump

    stats = carom_client.delivery_stats()
    assert stats.inactive_mails >= 1
    assert (stats.bounces[0].name, stats.bounces[0].type) == ("All", None)
    assert {row.type: row.name for row in stats.bounces}["HardBounce"] == "Hard bounce"

    with pytest.raises(InactiveRecipientError) as refused:
        send(carom_client, to)
    assert refused.value.recipients == [to]

    assert not carom_client.activate_bounce(bounce.id).inactive
    assert not carom_client.activate_bounce(bounce.id).inactive
    assert not carom_client.get_bounce(bounce.id).inactive
    send(carom_client, to)


def test_a_dsn_that_comes_later_becomes_a_hard_bounce(carom_client: ApiClient) -> None:
    """The remote takes the mail, then sends it back to its return path."""
    to = at_test_domain("reply+550-5.1.1+later")
    bounce = bounce_of(carom_client, send(carom_client, to))
    assert (bounce.type, bounce.inactive) == ("HardBounce", True)
    assert bounce.details.startswith("smtp;550 5.1.1 ")
    dump = carom_client.dump_bounce(bounce.id).body or ""
    _is_report(dump, final_recipient=to, status="5.1.1", action="failed")
    assert re.search(r"^To: b\+[a-z2-7]{33}@bounces\.carom\.test\r$", dump, re.MULTILINE)
    carom_client.activate_bounce(bounce.id)
    send(carom_client, to)


def _is_report(dump: str, *, final_recipient: str, status: str, action: str) -> None:
    """Read a dump with the standard library: it is a delivery status notification (RFC 3464)."""
    mail = message_from_string(dump)
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "delivery-status"
    _, report, returned = parts(mail)
    _, recipient = parts(report)
    fields = dict(recipient.items())
    assert fields["Final-Recipient"] == f"rfc822; {final_recipient}"
    assert (fields["Status"], fields["Action"]) == (status, action)
    assert "X-PM-Message-Id" in str(returned.get_payload())


def parts(mail: Message) -> list[Message]:
    """Return the parts of a multipart."""
    return cast("list[Message]", mail.get_payload())


@pytest.mark.parametrize("kind", list(BounceType))
def test_every_type_of_the_test_domain_bounces_as_it_says(carom_client: ApiClient, kind: BounceType) -> None:
    """Postmark's test addresses: each type, by the road that fits it; complaints are not among them."""
    expected = BounceType.HARD_BOUNCE if kind is BounceType.SPAM_COMPLAINT else kind
    to = at_test_domain(f"{kind.value.upper()}")
    bounce = bounce_of(carom_client, send(carom_client, to))
    assert bounce.type == expected
    assert bounce.inactive == (expected.suppresses is not None)
    assert carom_client.dump_bounce(bounce.id).body
    if bounce.inactive:
        carom_client.activate_bounce(bounce.id)


def test_underscores_and_later_and_unknown_names(carom_client: ApiClient) -> None:
    """Names are lenient; a nonsense name is a hard bounce."""
    for local, kind in (("Soft_Bounce", "SoftBounce"), ("blocked+later", "Blocked"), ("nonsense", "HardBounce")):
        bounce = bounce_of(carom_client, send(carom_client, at_test_domain(local)))
        assert bounce.type == kind
        carom_client.activate_bounce(bounce.id)


def test_the_bounce_type_header_asks_too(carom_client: ApiClient) -> None:
    """X-PM-Bounce-Type with any address of the test domain."""
    message_id = send(carom_client, at_test_domain("anything"), headers={"X-PM-Bounce-Type": "DMARCPolicy"})
    assert bounce_of(carom_client, message_id).type == "DMARCPolicy"


def test_policy_refusals_never_deactivate(carom_client: ApiClient) -> None:
    """5.7.x says something about the sender."""
    to = at_test_domain("reply+550-5.7.1")
    bounce = bounce_of(carom_client, send(carom_client, to))
    assert (bounce.type, bounce.inactive) == ("Blocked", False)
    send(carom_client, to)


def test_a_bounce_for_one_recipient_touches_no_other(carom_client: ApiClient) -> None:
    """One message, three recipients, one of them gone."""
    gone = at_test_domain("hardbounce+one")
    to = f"ann@example.org, {gone}, bob@example.org"
    bounce = bounce_of(carom_client, send(carom_client, to))
    assert bounce.email == gone
    partly = carom_client.deliver(from_=FROM, to=to, text_body="Again.")
    assert partly.message == (
        f"Message OK, but will not deliver to these inactive addresses: {gone}. Inactive recipients are ones that have "
        "generated a hard bounce, a spam complaint, or a manual suppression."
    )
    carom_client.activate_bounce(bounce.id)


def test_two_hard_bounces_of_one_address_are_lifted_together(carom_client: ApiClient) -> None:
    """Inactive is derived from the suppression, which is one."""
    to = at_test_domain("hardbounce+twice")
    first = bounce_of(carom_client, send(carom_client, to))
    carom_client.activate_bounce(first.id)
    second = bounce_of(carom_client, send(carom_client, to))
    assert carom_client.get_bounce(first.id).inactive
    carom_client.activate_bounce(first.id)
    assert not carom_client.get_bounce(second.id).inactive


def test_streams_have_lists_of_their_own(carom_client: ApiClient) -> None:
    """A hard bounce on one stream leaves the other open."""
    to = at_test_domain("hardbounce+streams")
    bounce = bounce_of(carom_client, send(carom_client, to, message_stream="broadcast"))
    assert bounce.message_stream == "broadcast"
    send(carom_client, to)


def test_filters_narrow_the_list(fresh_server: LocalServer) -> None:
    """Type, address, tag, message and activity."""
    with fresh_server.client() as client:
        hard = bounce_of(client, send(client, at_test_domain("hardbounce"), tag="a")).message_id
        soft = bounce_of(client, send(client, at_test_domain("softbounce"), tag="b")).message_id
        pages = {
            "hard": client.get_bounces(type="HardBounce"),
            "inactive": client.get_bounces(inactive=True),
            "tag": client.get_bounces(tag="a"),
            "email": client.get_bounces(email_filter="HARDbounce@"),
            "message": client.get_bounces(message_id=hard),
        }
        for name, page in pages.items():
            assert [bounce.message_id for bounce in page] == [hard], name
        assert [bounce.message_id for bounce in client.get_bounces(inactive=False)] == [soft]
        assert client.get_bounces(email_filter="%").total_count == 0
        assert client.get_bounces(fromdate="2020-01-01", todate="2020-01-02").total_count == 0
        assert client.get_bounces(fromdate="2020-01-01").total_count == 2
        first, second = client.get_bounces(count=1, offset=0), client.get_bounces(count=1, offset=1)
        assert [page.total_count for page in (first, second)] == [2, 2]
        assert [first[0].message_id, second[0].message_id] == [soft, hard]
        assert [bounce.id for bounce in client.bounces(page_size=1)] == [first[0].id, second[0].id]


def test_the_async_client_does_the_same(carom_server: LocalServer) -> None:
    """The same names, awaited."""

    async def main() -> None:
        async with carom_server.async_client() as client:
            to = at_test_domain("hardbounce+async")
            sent = await client.deliver(from_=FROM, to=to, text_body="Hello")
            found: list[AsyncBounce] = []
            while not found:
                found = list(await client.get_bounces(count=10, offset=0, message_id=sent.message_id))
                await asyncio.sleep(0.02)
            assert (await client.get_bounce(found[0].id)).inactive
            assert (await client.dump_bounce(found[0].id)).body
            assert not (await client.activate_bounce(found[0].id)).inactive
            assert (await client.delivery_stats()).bounces[0].count >= 1
            assert [b.id async for b in client.bounces(message_id=sent.message_id)] == [found[0].id]
            batch = [{"from_": FROM, "to": to, "text_body": "x"}, {"from_": FROM, "to": "nobody", "text_body": "x"}]
            results = await client.deliver_in_batches(batch)
            assert [result.error_code for result in results] == [0, 300]
            assert (await client.server_info()).name == "My First Server"

    asyncio.run(asyncio.wait_for(main(), 60))


def test_random_bytes_that_come_home_are_listed_as_unknown(carom_server: LocalServer, carom_client: ApiClient) -> None:
    """A true return path, a mail that says nothing: listed with its dump, deactivating nobody."""
    to = at_test_domain("reply+552-5.2.2")
    message_id = send(carom_client, to)
    dump = carom_client.dump_bounce(bounce_of(carom_client, message_id).id).body or ""
    home = re.search(r"^To: (\S+)\r$", dump, re.MULTILINE)
    assert home is not None
    bring_home(carom_server, home[1], bytes(range(256)) * 40)
    found = eventually(
        lambda: carom_client.get_bounces(message_id=message_id, type="Unknown").pair[1], what="the unknown bounce"
    )
    assert (found[0].inactive, found[0].dump_available) == (False, True)
    send(carom_client, to)


FORGED = """\
From: MAILER-DAEMON@evil.example\r
To: victim\r
Subject: Undelivered Mail Returned to Sender\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r
\r
--x\r
Content-Type: text/plain\r
\r
User unknown.\r
--x\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; evil.example\r
\r
Final-Recipient: rfc822; {victim}\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 User unknown\r
\r
--x\r
Content-Type: text/rfc822-headers\r
\r
{headers}\r
--x--\r
"""


@pytest.mark.parametrize("return_path", ["b+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "b+", "b+x", "b+" + "a" * 60])
def test_a_forged_return_path_suppresses_nobody(
    carom_server: LocalServer, carom_client: ApiClient, return_path: str
) -> None:
    """Whoever knows a true Message-ID can make a report look right, but not the return path's MAC."""
    victim = f"victim{len(return_path)}@example.org"
    message_id = send(carom_client, victim)
    headers = f"Message-ID: <{message_id}@carom.test>\r\nX-PM-Message-Id: {message_id}\r\nTo: {victim}\r"
    for _ in range(3):
        mail = FORGED.format(victim=victim, headers=headers).encode()
        bring_home(carom_server, f"{return_path}@bounces.carom.test", mail)
    bounce = bounce_of(carom_client, message_id)
    assert (bounce.type, bounce.inactive, bounce.email) == ("Unknown", False, victim)
    assert "550 5.1.1 User unknown" in bounce.details
    send(carom_client, victim)


def test_a_true_return_path_with_one_letter_changed_is_forged(
    carom_server: LocalServer, carom_client: ApiClient
) -> None:
    """Even with the whole true mail quoted, its signed header included."""
    to = at_test_domain("softbounce+tampered")
    message_id = send(carom_client, to)
    dump = carom_client.dump_bounce(bounce_of(carom_client, message_id).id).body or ""
    home = re.search(r"^To: (b\+\S+)@(\S+)\r$", dump, re.MULTILINE)
    assert home is not None
    changed = home[1][:-1] + ("a" if home[1][-1] != "a" else "b")
    hard = dump.replace("5.2.2", "5.1.1").replace("552 ", "550 ")
    bring_home(carom_server, f"{changed}@{home[2]}", hard.encode())
    kinds = eventually(
        lambda: [b.type for b in carom_client.get_bounces(message_id=message_id, type="Unknown")], what="the forgery"
    )
    assert kinds == ["Unknown"]
    send(carom_client, to)


def test_an_unknown_bounce_is_not_found(carom_client: ApiClient) -> None:
    """422 and Postmark's code, on every call that names one."""
    for call in (carom_client.get_bounce, carom_client.dump_bounce, carom_client.activate_bounce):
        with pytest.raises(NotFoundError) as caught:
            call(4)
        assert (caught.value.status_code, caught.value.error_code) == (422, 1001)

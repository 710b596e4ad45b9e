"""Sending with templates: what arrives at somebody else's mail system, and what is refused."""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any, NamedTuple

import pytest

from carom.server.relays import Relays
from carom.testing import LocalServer
from tests.e2e.test_bad_input import Answer, call
from tests.e2e.test_templates import LAYOUT, NEW, NO_ALIAS, NOT_FOUND, ok
from tests.peers.sink import Sink, running_sink
from tests.waiting import eventually

SEND: dict[str, Any] = {
    "From": "shop@example.com",
    "To": "ann@example.org",
    "TemplateAlias": "welcome-friend",
    "TemplateModel": {"name": "Ann & Bob"},
}


class Mail(NamedTuple):
    """What arrived."""

    subject: str
    html: str | None
    text: str | None


class Shop(NamedTuple):
    """A server with templates, and where its mail goes."""

    server: LocalServer
    sink: Sink

    def send(self, **fields: Any) -> Answer:
        """Send one message."""
        return call(self.server, "POST", "/email/withTemplate", {**SEND, **fields})

    def batch(self, *items: object, token: str = "") -> Answer:
        """Send a batch."""
        return call(self.server, "POST", "/email/batchWithTemplates", {"Messages": items}, token=token)

    def arrived(self, message_id: str) -> Mail:
        """Wait for a message."""
        eventually(lambda: self._raw(message_id), what=f"the mail {message_id}")
        mail = email.message_from_bytes(self._raw(message_id), policy=email.policy.default)
        return Mail(mail["Subject"], _content(mail, "html"), _content(mail, "plain"))

    def _raw(self, message_id: str) -> bytes:
        found = [at for at, (known, _) in enumerate(self.sink.deliveries) if known == message_id]
        return self.sink.mails[found[0]] if found else b""


def _content(mail: EmailMessage, kind: str) -> str | None:
    body = mail.get_body([kind])
    return None if body is None else str(body.get_content()).rstrip("\r\n")


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """A server that relays to a sink, with a layout and a template."""
    with running_sink() as sink:
        relay = Relays.read([f"{sink.host}:{sink.port}"])
        with LocalServer(mode="relay", relay=relay) as server:
            server.allow("shop@example.com")
            ok(call(server, "POST", "/templates", LAYOUT))
            ok(call(server, "POST", "/templates", NEW))
            yield Shop(server, sink)


def test_a_message_is_made_from_a_template_and_a_model(shop: Shop) -> None:
    """Only the HTML is escaped; the answer is that of any send."""
    sent = ok(shop.send())
    assert set(sent) == {"To", "SubmittedAt", "MessageID", "ErrorCode", "Message"}
    assert (sent["To"], sent["ErrorCode"], sent["Message"]) == ("ann@example.org", 0, "OK")
    assert shop.arrived(sent["MessageID"]) == Mail("Hi Ann & Bob", "<b>Ann &amp; Bob</b>", "Hello Ann & Bob")


def test_a_template_is_named_by_id_too_and_the_id_wins(shop: Shop) -> None:
    """As a number or its text; zero is none."""
    template_id = ok(call(shop.server, "GET", "/templates/welcome-friend"))["TemplateId"]
    assert ok(shop.send(TemplateId=template_id, TemplateAlias="nope"))["ErrorCode"] == 0
    assert ok(shop.send(TemplateId=str(template_id), TemplateAlias=None))["ErrorCode"] == 0
    assert ok(shop.send(TemplateId=0))["ErrorCode"] == 0
    refused = shop.send(TemplateId=1)
    assert refused.code == (422, 1101)
    assert refused.json["Message"] == NOT_FOUND


def test_an_empty_model_renders_nothing_where_it_is_used(shop: Shop) -> None:
    """A value that is missing is no error."""
    assert shop.arrived(ok(shop.send(TemplateModel={}))["MessageID"]) == Mail("Hi", "<b></b>", "Hello ")


def test_a_template_is_sent_in_its_layout_with_its_styles_inlined(shop: Shop) -> None:
    """Unless InlineCss says no."""
    body = "<style>b { color: red }</style><b>{{name}}</b>"
    ok(call(shop.server, "POST", "/templates",
            {"Name": "n", "Subject": "s", "Alias": "styled", "HtmlBody": body, "LayoutTemplate": "frame"}))  # fmt: skip
    model = {"name": "Ann", "foot": "."}
    inlined = shop.arrived(ok(shop.send(TemplateAlias="styled", TemplateModel=model))["MessageID"]).html
    assert inlined is not None
    assert '<b style="color: red;">Ann</b>.' in inlined
    raw = shop.arrived(ok(shop.send(TemplateAlias="styled", TemplateModel=model, InlineCss=False))["MessageID"])
    assert raw.html == "<html><style>b { color: red }</style><b>Ann</b>.</html>"
    assert raw.text is None


def test_a_change_of_a_template_is_seen_by_the_next_send(shop: Shop) -> None:
    """Nothing old is kept anywhere."""
    made = ok(call(shop.server, "POST", "/templates", {**NEW, "Alias": "changing"}))
    ok(shop.send(TemplateAlias="changing"))
    ok(call(shop.server, "PUT", f"/templates/{made['TemplateId']}", {"TextBody": "Bye {{name}}"}))
    assert shop.arrived(ok(shop.send(TemplateAlias="changing"))["MessageID"]).text == "Bye Ann & Bob"
    ok(call(shop.server, "DELETE", "/templates/changing"))
    assert shop.send(TemplateAlias="changing").json == {"ErrorCode": 1101, "Message": NO_ALIAS}
    assert shop.send(TemplateId=made["TemplateId"]).code == (422, 1101)


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"TemplateAlias": "nope"}, 1101, NO_ALIAS),
    ({"TemplateAlias": None}, 1101, NO_ALIAS),
    ({"TemplateAlias": "a\0b"}, 300, "'TemplateAlias'"),
    ({"TemplateModel": None}, 1120, "'TemplateModel'"),
    ({"TemplateModel": "x"}, 403, "'TemplateModel'"),
    ({"Subject": "own"}, 1123, "'Subject'"),
    ({"TextBody": "own"}, 1123, "'TextBody'"),
    ({"TemplateAlias": "frame"}, 1122, "is a layout"),
    ({"TemplateAlias": "listing", "TemplateModel": {"xs": "no array"}}, 1122, "'xs' is used like an array"),
    ({"TemplateAlias": "listing", "TemplateModel": {"xs": [[1] * 1000] * 1000}}, 1122, "too many steps"),
    ({"To": "x"}, 300, "Error parsing 'To'"),
    ({"TemplateModel": {"name": "x" * 2000}}, 300, "Invalid 'Subject'"),
    ({"MessageStream": "nope"}, 1235, "'nope'"),
]  # fmt: skip


@pytest.fixture(scope="module")
def listing(shop: Shop) -> Shop:
    """A template with lists in lists."""
    body = "{{#each xs}}{{#each .}}{{.}}{{/each}}{{/each}}"
    ok(call(shop.server, "POST", "/templates", {"Name": "n", "Subject": "s", "Alias": "listing", "TextBody": body}))
    return shop


@pytest.mark.parametrize(("change", "code", "text"), REFUSED)
def test_a_bad_message_is_refused_by_name(listing: Shop, change: dict[str, Any], code: int, text: str) -> None:
    """In a single send, and in a batch beside good ones."""
    single = listing.send(**change)
    assert single.code == (422, code)
    assert text in single.json["Message"]
    batch = ok(listing.batch(SEND, {**SEND, **change}))
    assert [item["ErrorCode"] for item in batch] == [0, code]
    assert batch[1] == single.json


def test_a_batch_answers_in_order_and_none_stops_another(shop: Shop) -> None:
    """Each has its own template and model."""
    answers = ok(shop.batch({**SEND, "TemplateModel": {"name": "1"}}, "no object", {**SEND, "TemplateAlias": "nope"},
                            {**SEND, "To": "bob@example.org", "TemplateModel": {"name": "2"}}))  # fmt: skip
    assert [item["ErrorCode"] for item in answers] == [0, 402, 1101, 0]
    assert answers[2] == {"ErrorCode": 1101, "Message": NO_ALIAS}
    assert [shop.arrived(answers[at]["MessageID"]).subject for at in (0, 3)] == ["Hi 1", "Hi 2"]


def test_a_batch_as_a_whole_can_be_refused(shop: Shop) -> None:
    """Too many, no messages, no object."""
    assert shop.batch(*[SEND] * 501).code == (422, 410)
    assert ok(shop.batch()) == []
    path = "/email/batchWithTemplates"
    assert call(shop.server, "POST", path, {}).code == (422, 403)
    assert call(shop.server, "POST", path, [SEND]).code == (422, 402)


def test_the_test_token_has_no_templates(shop: Shop) -> None:
    """It belongs to no server."""
    token = "POSTMARK_API_TEST"
    single = call(shop.server, "POST", "/email/withTemplate", SEND, token=token)
    assert single.code == (422, 1101)
    assert ok(shop.batch(SEND, SEND, token=token)) == [single.json] * 2
    assert call(shop.server, "GET", "/templates?count=1&offset=0", token=token).code == (401, 10)


def test_deep_models_are_refused_and_not_an_error_of_ours(shop: Shop) -> None:
    """Arrays in arrays, as JSON allows them."""
    deep = b'{"From":"shop@example.com","To":"a@b.co","TemplateAlias":"welcome-friend","TemplateModel":{"a":%s}}'
    answer = call(shop.server, "POST", "/email/withTemplate", deep % (b"[" * 100_000 + b"]" * 100_000))
    assert answer.code == (422, 402)
    for depth, code in ((100, 200), (5000, 422)):
        body = deep % (b"[" * depth + b"]" * depth)
        assert call(shop.server, "POST", "/email/withTemplate", body).status == code

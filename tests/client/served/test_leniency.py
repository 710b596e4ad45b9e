# pyright: basic
"""What the server takes from other clients (compatibility.md, transport), asked through raw access."""

from typing import Any

import pytest

import carom
from tests.client.served.world import World

pytestmark = pytest.mark.anyio

EMAIL = {"From": "me@example.com", "To": "a@example.org", "TextBody": "Hi"}
PAGE = {"count": 5, "offset": 0}

# Paths as the official clients spell them, and a query or body.
PATHS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/bounces/", PAGE),
    ("GET", "/BOUNCES", {"Count": 5, "Offset": 0, "emailfilter": "x"}),
    ("GET", "/deliveryStats", {}),
    ("GET", "/messages/outbound", {"COUNT": 1, "Offset": 0, "fromDate": "2026-9-7", "messageStream": "outbound"}),
    ("GET", "/templates/", {"Count": 5, "Offset": 0, "templateType": "all"}),
    ("GET", "/triggers/inboundRules", PAGE),
    ("GET", "/stats/outbound/opens/readTimes", {}),
    ("GET", "/stats/outbound/opens/emailClients", {"fromDate": "2026-1-1"}),
    ("GET", "/message-streams/outbound/suppressions/dump", {"origin": "recipient", "count": 5, "offset": 0}),
    ("GET", "/message-streams", {"includeArchivedStreams": "True", "count": 5}),
    ("GET", "/SERVER/", {}),
    ("POST", "/email/", EMAIL),
    ("POST", "/Email/Batch/", {}),
]


@pytest.mark.parametrize(("method", "path", "said"), PATHS, ids=[path for _, path, _ in PATHS])
async def test_paths_and_query_names_match_in_any_case(
    world: World, method: str, path: str, said: dict[str, Any]
) -> None:
    body = [EMAIL] if path.lower().startswith("/email/batch") else said
    got = await world.client.request(method, path, **({"params": said} if method == "GET" else {"json": body}))
    assert got.status == 200


async def test_with_template_in_every_spelling(world: World) -> None:
    await world.client.create_template(name="W", alias="w", subject="s", text_body="x")
    letter = {
        "From": "me@example.com",
        "To": "a@example.org",
        "TemplateId": 0,
        "TemplateAlias": "w",
        "TemplateModel": {},
    }
    for path in ("/email/withTemplate/", "/email/withtemplate"):
        assert (await world.client.post(path, letter)).data.message == "OK"
    number = (await world.client.get_template("w")).template_id
    assert (await world.client.post("/email/withTemplate", {**letter, "TemplateId": str(number)})).data.message == "OK"
    batch = await world.client.post("/email/BatchWithTemplates/", {"messages": [letter]})
    assert batch.data[0].error_code == 0


async def test_bodies_where_none_is_needed(world: World) -> None:
    """Nothing, an object, or null; a body of a GET or DELETE is ignored."""
    client = world.client
    await client.create_message_stream(id="s", name="S", message_stream_type="Broadcasts")
    bodies: list[Any] = [None, {}, _Null()]
    for body in bodies:
        assert (await client.request("POST", "/message-streams/s/archive", json=body)).data["ID"] == "s"
        assert (await client.request("POST", "/message-streams/s/unarchive", json=body)).data["ArchivedAt"] is None
    rule = (await client.create_inbound_rule("example.org")).id
    for method, path in (("GET", "/server"), ("DELETE", f"/triggers/inboundrules/{rule}")):
        assert (await client.request(method, path, json=_Null())).status == 200
    assert (await client.request("GET", "/server", json={"x": 1})).status == 200


class _Null:
    """A value that msgspec writes as null, which None as an argument would not send."""

    def __new__(cls) -> Any:
        import msgspec

        return msgspec.Raw(b"null")


async def test_names_of_bodies_in_any_case_nulls_and_unknown_names(world: World) -> None:
    client = world.client
    sent = await client.post(
        "/email",
        {
            "from": "me@example.com",
            "TO": "a@example.org",
            "textBody": "Hi",
            "HtmlBody": "",
            "Cc": "",
            "Bcc": None,
            "ReplyTo": None,
            "Tag": None,
            "Headers": None,
            "Metadata": None,
            "Attachments": [],
            "TrackOpens": None,
            "Disposition": "x",
        },
    )
    assert (sent.data.message, sent.data.to) == ("OK", "a@example.org")
    template = await client.post("/templates", {"name": "N", "subject": "s", "htmlBody": "<p>x</p>", "alias": None})
    assert template.data["Alias"]
    changed = await client.put(f"/templates/{template.data['Alias']}", {"name": "M", "HtmlBody": None, "Subject": None})
    assert changed.data["Name"] == "M"
    assert (await client.get_template(changed.data["TemplateId"])).html_body == "<p>x</p>"


async def test_errors_are_json_with_both_keys(world: World) -> None:
    """401 and 404 included."""
    for client, path in (
        (world.client, "/none"),
        (world.make(token="no-token"), "/server"),
        (world.client, "/bounces/1"),
    ):
        with pytest.raises(carom.HttpServerError) as caught:
            await client.get(path)
        assert set(caught.value.parsed_body) == {"ErrorCode", "Message"}
        assert type(caught.value.parsed_body["ErrorCode"]) is int
        assert caught.value.headers["content-type"] == "application/json; charset=utf-8"


async def test_the_test_token_checks_and_delivers_nothing(world: World) -> None:
    client = world.make(token="POSTMARK_API_TEST", validate=False)
    result = await client.deliver({"from_": "any@where.test", "to": "a@example.org", "text_body": "x"})
    assert (result.error_code, result.message, len(result.message_id)) == (0, "Test job accepted", 36)
    for wrong in ({"to": "x@postmarkapp.com"}, {"text_body": None}):
        with pytest.raises(carom.InvalidEmailRequestError):
            await client.deliver({"from_": "any@where.test", "to": "a@example.org", "text_body": "x", **wrong})
    with pytest.raises(carom.InvalidApiKeyError):
        await client.server_info()


@pytest.mark.parametrize("path", ["/bounces", "/messages/outbound"])
async def test_negative_counts_are_refused(world: World, path: str) -> None:
    for count in (-1, -4, 501):
        with pytest.raises(carom.ApiInputError) as caught:
            await world.client.get(path, count=count, offset=0)
        assert caught.value.error_code not in {300, 406}


async def test_a_name_with_commas_in_from_and_reply_to(world: World) -> None:
    sent = await world.client.post(
        "/email",
        {
            **EMAIL,
            "From": '"Doe, Jane" <me@example.com>',
            "To": ", ".join(f'"N, {n}" <a{n}@example.org>' for n in range(50)),
            "ReplyTo": '"Doe, Jane" <r@example.org>, s@example.org',
        },
    )
    read = await world.client.get_message(sent.data.message_id)
    assert (read.from_, len(read.recipients)) == ('"Doe, Jane" <me@example.com>', 50)


async def test_webhooks_take_what_does_not_answer_and_need_only_a_url(world: World) -> None:
    made = (await world.client.post("/webhooks", {"Url": "https://nowhere.example.com/x"})).data
    assert made["MessageStream"] == "outbound"
    assert set(made["Triggers"]) == {"Open", "Click", "Delivery", "Bounce", "SpamComplaint", "SubscriptionChange"}
    assert set(made["Triggers"]["Open"]) == {"Enabled", "PostFirstOpenOnly"}
    assert set(made["Triggers"]["Bounce"]) == {"Enabled", "IncludeContent"}


async def test_totals_are_always_there_and_days_is_a_list(world: World) -> None:
    for path, names in (
        ("sends", {"Sent"}),
        ("opens", {"Opens", "Unique"}),
        ("clicks", {"Clicks", "Unique"}),
        ("tracked", {"Tracked"}),
    ):
        got = (await world.client.get(f"/stats/outbound/{path}")).data
        assert got["Days"] == []
        assert {name: got[name] for name in names} == dict.fromkeys(names, 0)

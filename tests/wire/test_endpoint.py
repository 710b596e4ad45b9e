"""Writing and reading requests."""

import pytest

from carom.wire._naming import postmark_name
from carom.wire.bounces import ACTIVATE_BOUNCE, GET_BOUNCE, GET_BOUNCES, ActivateBounce, GetBounce, GetBounces
from carom.wire.email import SEND_BATCH, SEND_EMAIL, Attachment, SendEmail
from carom.wire.endpoint import BadFields, BadJson


@pytest.mark.parametrize(
    ("field", "wire"),
    [("bounced_at", "BouncedAt"), ("message_id", "MessageID"), ("id", "ID"), ("html_body", "HtmlBody"),
     ("dkim_host", "DKIMHost"), ("api_tokens", "ApiTokens"), ("return_path_domain_cname_value", "ReturnPathDomainCNAMEValue")],
)  # fmt: skip
def test_names_follow_postmarks_acronyms(field: str, wire: str) -> None:
    """One rule and a table of acronyms."""
    assert postmark_name(field) == wire


def test_path_query_and_body_take_their_fields() -> None:
    """What the path names is in the path; GET puts the rest into the query, others into the body."""
    assert GET_BOUNCE.encode(GetBounce(bounce_id=7)).path == "/bounces/7"
    query = GET_BOUNCES.encode(GetBounces(count=1, offset=0, inactive=True, email_filter="a@b")).query
    assert query == {"count": "1", "offset": "0", "inactive": "true", "emailFilter": "a@b"}
    assert ACTIVATE_BOUNCE.encode(ActivateBounce(bounce_id=7)).body == b""
    assert (
        SEND_EMAIL.encode(SendEmail(from_="a@b.co", track_opens=False)).body == b'{"From":"a@b.co","TrackOpens":false}'
    )


def test_names_are_read_in_any_case_and_null_is_not_given() -> None:
    """Clients in many languages spell keys as theirs do."""
    body = b'{"from":"a@b.co","TO":null,"attachments":[{"name":"x","CONTENT":"eA==","ContentLength":1}],"New":1}'
    assert SEND_EMAIL.parse({}, (), body) == SendEmail(
        from_="a@b.co", attachments=[Attachment(name="x", content="eA==")]
    )
    asked = GET_BOUNCES.parse({}, [("Count", "5"), ("OFFSET", "0"), ("tag", ""), ("new", "1")], b"null")
    assert asked == GetBounces(count=5, offset=0)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"{", b'{"From": }', b"\xff"])
def test_what_is_no_object_is_bad_json(body: bytes) -> None:
    """An empty body too."""
    with pytest.raises(BadJson):
        SEND_EMAIL.parse({}, (), body)


def test_a_batch_is_a_bare_array() -> None:
    """Its items are read one by one, later."""
    assert [bytes(raw) for raw in SEND_BATCH.parse({}, (), b'[{"From":1}, 2]').messages] == [b'{"From":1}', b"2"]
    with pytest.raises(BadJson):
        SEND_BATCH.parse({}, (), b'{"From":1}')


def test_fields_of_a_wrong_type_are_all_named() -> None:
    """The refusal names them."""
    with pytest.raises(BadFields) as caught:
        SEND_EMAIL.parse({}, (), b'{"From":[],"Headers":7,"Subject":"x"}')
    assert caught.value.names == ("From", "Headers")
    with pytest.raises(BadFields):
        GET_BOUNCE.parse({"bounce_id": "x"}, (), b"")

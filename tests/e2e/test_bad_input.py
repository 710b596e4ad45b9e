"""Bad input: Postmark's code and text, and nothing lost or stored by it."""

import http.client
import json
from typing import Any, NamedTuple

import pytest

from carom import ApiClient
from carom.testing import LocalServer

GOOD = {"From": "me@example.com", "To": "ann@example.org", "Subject": "Hi", "TextBody": "Hello"}


class Answer(NamedTuple):
    """What came over the wire."""

    status: int
    headers: dict[str, str]
    json: Any

    @property
    def code(self) -> tuple[int, int]:
        """HTTP status and Postmark's code."""
        return self.status, self.json["ErrorCode"]


def call(
    server: LocalServer,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = "",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Make a raw call; ``token`` empty means the server's own."""
    at = server.listening.http
    connection = http.client.HTTPConnection(at.host, at.port, timeout=30)
    sent = {"Accept": "application/json", "Content-Type": "application/json", **(headers or {})}
    if token is not None:
        sent["X-Postmark-Server-Token"] = token or server.server_token
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    try:
        connection.request(method, path, raw, sent)
        answer = connection.getresponse()
        content = answer.read()
        found = {name.lower(): value for name, value in answer.getheaders()}
        assert found["content-type"] == "application/json; charset=utf-8"
        return Answer(answer.status, found, json.loads(content))
    finally:
        connection.close()


@pytest.mark.parametrize("token", [None, "nonsense", "00000000-0000-0000-0000-000000000000"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/email"), ("GET", "/bounces?count=1&offset=0"), ("GET", "/server")]
)
def test_a_wrong_token_is_401_code_10(carom_server: LocalServer, token: str | None, method: str, path: str) -> None:
    """Missing and unknown alike; the token is looked at before the body."""
    answer = call(carom_server, method, path, b"{", token=token)
    assert answer.code == (401, 10)
    assert answer.json["Message"] == "Request does not contain a valid Server token."
    assert answer.headers["x-pm-apierrorcode"] == "10"


def test_an_account_token_is_no_server_token(carom_server: LocalServer) -> None:
    """The wrong kind is as good as none."""
    assert call(carom_server, "GET", "/server", token=carom_server.account_token).code == (401, 10)


def test_a_token_is_compared_without_regard_to_case(carom_server: LocalServer) -> None:
    """As Postmark does."""
    assert call(carom_server, "GET", "/server", token=carom_server.server_token.upper()).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"null", b"{", b"[]", b'"x"', b"{'From': 1}", b"\xff\xfe", b'{"From": "a"', b'{"a":' + b"[" * 9000]
)
@pytest.mark.parametrize("path", ["/email", "/email/"])
def test_bad_json_is_422_code_402(carom_server: LocalServer, body: bytes, path: str) -> None:
    """An empty body too."""
    assert call(carom_server, "POST", path, body).code == (422, 402)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"Messages": []}', b"[1, "])
def test_a_batch_that_is_no_array_is_422_code_402(carom_server: LocalServer, body: bytes) -> None:
    """The batch is a bare array."""
    assert call(carom_server, "POST", "/email/batch", body).code == (422, 402)


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"TextBody": None}, 300, "Provide either email TextBody or HtmlBody or both."),
    ({"TextBody": ""}, 300, "Provide either email TextBody or HtmlBody or both."),
    ({"To": "johne.xample.com"}, 300,
     "Error parsing 'To': Illegal email address 'johne.xample.com'. It must contain the '@' symbol."),
    ({"To": "invalid@localhost"}, 300, "Invalid 'To' address: 'invalid@localhost'."),
    ({"To": "x@postmarkapp.com"}, 300, "Invalid 'To' address: 'x@postmarkapp.com'."),
    ({"Cc": "user@+"}, 300, "Error parsing 'Cc': Illegal email domain '+' in address 'user@+'."),
    ({"From": "invalid@localhost"}, 300, "Invalid 'From' address: 'invalid@localhost'."),
    ({"From": ""}, 300, "Invalid 'From' address: ''."),
    ({"ReplyTo": "x"}, 300, "Error parsing 'Reply-To': Illegal email address 'x'. It must contain the '@' symbol."),
    ({"To": ""}, 300, "Zero recipients"),
    ({"To": ", ".join(f"a{n}@example.org" for n in range(51))}, 300, "Too many recipients: 51"),
    ({"To": ", ".join(f"a{n}@example.org" for n in range(30)), "Bcc": ", ".join(f"b{n}@example.org" for n in range(21))},
     300, "Too many recipients: 51"),
    ({"Subject": "x" * 2001}, 300, "Invalid 'Subject'"),
    ({"Tag": "x" * 1001}, 300, "Invalid 'Tag'"),
    ({"TrackLinks": "Some"}, 300, "Invalid 'TrackLinks'"),
    ({"Metadata": {"k" * 21: "v"}}, 300, "Invalid metadata content. Field names are limited to 20 characters"),
    ({"Metadata": {"k": "v" * 81}}, 300, "Invalid metadata content."),
    ({"Metadata": {f"k{n}": "v" for n in range(11)}}, 300, "Invalid metadata content."),
    ({"Metadata": {"Key": "1", "kEY": "2"}}, 300, "Invalid metadata content."),
    ({"Headers": [{"Name": "X-A\r\nBcc", "Value": "x"}]}, 300, "Invalid 'Headers' name"),
    ({"Attachments": [{"Name": "a.EXE", "Content": "eA==", "ContentType": "x/y"}]}, 411, "The attachment 'a.EXE'"),
    ({"Attachments": [{"Name": "a.txt", "Content": "?", "ContentType": "x/y"}]}, 300, "Invalid 'Attachments'"),
    ({"To": ["ann@example.org"]}, 403, "Invalid request field(s): 'To'."),
    ({"Headers": {"a": "b"}, "Tag": {}}, 403, "Invalid request field(s): 'Headers', 'Tag'."),
    ({"MessageStream": "unknown-stream"}, 1235, "The stream provided: 'unknown-stream' does not exist on this server."),
    ({"MessageStream": "inbound"}, 1236, "The stream provided: 'inbound'"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code", "text"), REFUSED)
def test_a_bad_message_is_refused_by_name(
    carom_server: LocalServer, change: dict[str, Any], code: int, text: str
) -> None:
    """In a single send, in a batch beside a good one, and with the test token, where no look-up decides."""
    bad = {**GOOD, **change}
    single = call(carom_server, "POST", "/email", bad)
    assert single.code == (422, code)
    assert single.json["Message"].startswith(text)
    batch = call(carom_server, "POST", "/email/batch", [GOOD, bad])
    assert batch.status == 200
    assert [item["ErrorCode"] for item in batch.json] == [0, code]
    assert batch.json[1] == {"ErrorCode": code, "Message": single.json["Message"]}
    if code < 1000:
        assert call(carom_server, "POST", "/email", bad, token="POSTMARK_API_TEST").json == single.json


def test_fifty_recipients_are_fine(carom_server: LocalServer) -> None:
    """The limit itself is allowed."""
    to = ", ".join(f"a{n}@example.org" for n in range(50))
    answer = call(carom_server, "POST", "/email", {**GOOD, "To": to})
    assert answer.code == (200, 0)
    assert answer.json["To"] == to


def test_more_than_500_messages_fail_as_a_whole(carom_server: LocalServer) -> None:
    """Nothing of such a batch is sent."""
    answer = call(carom_server, "POST", "/email/batch", [GOOD] * 501)
    assert answer.code == (422, 410)
    assert answer.json["Message"] == "You may only send up to 500 messages in a single batched request."


def test_an_empty_batch_is_an_empty_answer(carom_server: LocalServer) -> None:
    """Nothing to send, nothing to refuse."""
    assert call(carom_server, "POST", "/email/batch", []).json == []


def test_a_request_over_the_limit_is_413(carom_server: LocalServer) -> None:
    """Told by its Content-Length, before it is read."""
    at = carom_server.listening.http
    connection = http.client.HTTPConnection(at.host, at.port, timeout=30)
    connection.putrequest("POST", "/email")
    connection.putheader("X-Postmark-Server-Token", carom_server.server_token)
    connection.putheader("Content-Length", "10000001")
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["ErrorCode"] == 413
    connection.close()


@pytest.mark.parametrize("path", ["/nope", "/", "/bounces/1/nope", "/email/batch/1"])
def test_an_unknown_path_is_404(carom_server: LocalServer, path: str) -> None:
    """In the API's shape."""
    assert call(carom_server, "GET", path, token=None).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/email"), ("DELETE", "/bounces"), ("POST", "/bounces/1/activate"), ("DELETE", "/server")],
)
def test_a_wrong_method_is_405_before_the_token(carom_server: LocalServer, method: str, path: str) -> None:
    """With the JSON body of an error."""
    assert call(carom_server, method, path, token=None).code == (405, 405)


@pytest.mark.parametrize(
    "query",
    ["", "count=1", "offset=0", "count=-1&offset=0", "count=501&offset=0", "count=1&offset=-1", "count=500&offset=9501",
     "count=x&offset=0", "count=1&offset=0&type=Nonsense", "count=1&offset=0&fromdate=yesterday",
     "count=1&offset=0&todate=2020-13-01", "count=1&offset=0&inactive=perhaps", "messageID=nonsense"],
)  # fmt: skip
def test_a_bad_bounce_list_is_422_code_1000(carom_server: LocalServer, query: str) -> None:
    """Counts, offsets, types and dates."""
    assert call(carom_server, "GET", f"/bounces?{query}").code == (422, 1000)


@pytest.mark.parametrize("place", ["", "/dump", "/activate"])
def test_an_unknown_bounce_is_422_code_1001(carom_server: LocalServer, place: str) -> None:
    """Not 404."""
    method = "PUT" if place == "/activate" else "GET"
    for unknown in ("1", "999999999999", "-1"):
        assert call(carom_server, method, f"/bounces/{unknown}{place}").code == (422, 1001)
    for bad in ("x", "1.5", "%00", "9" * 40):
        assert call(carom_server, method, f"/bounces/{bad}{place}").code == (400, 1002)


@pytest.mark.parametrize("body", [None, b"", b"{}", b"null"])
def test_calls_without_data_take_any_empty_body(
    carom_server: LocalServer, carom_client: ApiClient, body: bytes | None
) -> None:
    """Clients in many languages send each of these."""
    sent = carom_client.deliver(
        from_="me@example.com", to="reply+552-5.2.2@bounce-testing.postmarkapp.com", text_body="x"
    )
    from tests.e2e.bouncing import bounce_of

    assert sent.message_id is not None
    bounce = bounce_of(carom_client, sent.message_id)
    for _ in range(2):
        answer = call(carom_server, "PUT", f"/bounces/{bounce.id}/activate", body)
        assert (answer.status, answer.json["Message"], answer.json["Bounce"]["ID"]) == (200, "OK", bounce.id)


def test_paths_and_query_names_are_lenient(carom_server: LocalServer) -> None:
    """Any case, one trailing slash, a body on GET."""
    for path in ("/deliveryStats", "/DELIVERYSTATS/", "/bounces/?Count=1&OFFSET=0", "/Server/"):
        assert call(carom_server, "GET", path, b"null").status == 200


def test_the_test_token_sends_nothing(fresh_server: LocalServer) -> None:
    """Full validation, an answer like the real one, nothing stored, nothing to read."""
    answer = call(fresh_server, "POST", "/email", {**GOOD, "From": "any@sender.example"}, token="POSTMARK_API_TEST")
    assert (answer.code, answer.json["Message"], answer.json["To"]) == ((200, 0), "Test job accepted", GOOD["To"])
    assert len(answer.json["MessageID"]) == 36
    batch = call(fresh_server, "POST", "/email/batch", [GOOD, {}], token="POSTMARK_API_TEST")
    assert [item["ErrorCode"] for item in batch.json] == [0, 300]
    assert call(fresh_server, "GET", "/server", token="POSTMARK_API_TEST").code == (401, 10)
    assert call(fresh_server, "GET", "/deliverystats").json == {
        "InactiveMails": 0, "Bounces": [{"Name": "All", "Count": 0}],
    }  # fmt: skip

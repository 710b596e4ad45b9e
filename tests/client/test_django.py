# pyright: basic
"""The Django backend and view."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

import carom
from tests.client.scripts import Script, answer, refused
from tests.client.test_hooks import payload

django = pytest.importorskip("django")


@pytest.fixture(autouse=True)
def settings() -> Iterator[Any]:
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            EMAIL_BACKEND="carom.django.EmailBackend",
            POSTMARK_API_TOKEN="tok",
            POSTMARK_WEBHOOK_USER="u",
            POSTMARK_WEBHOOK_PASSWORD="p",
            ALLOWED_HOSTS=["*"],
            USE_TZ=True,
        )
        django.setup()
    yield settings
    if hasattr(settings, "POSTMARK_TRANSPORT"):
        del settings.POSTMARK_TRANSPORT


def mail(**fields: Any) -> Any:
    from django.core.mail import EmailMultiAlternatives

    given = {"subject": "S", "body": "Hi", "from_email": "me@example.com", "to": ["a@example.org"]}
    return EmailMultiAlternatives(**{**given, **fields})


def ok(asked: Any) -> Any:
    messages = asked.json if isinstance(asked.json, list) else asked.json["Messages"]
    return answer([{"ErrorCode": 0, "Message": "OK", "MessageID": str(n)} for n in range(len(messages))])


def send(settings: Any, script: Script, *messages: Any, **options: Any) -> int:
    from django.core.mail import get_connection

    settings.POSTMARK_TRANSPORT = script
    return int(get_connection(**options).send_messages(list(messages)))


def test_s21_what_is_sent_is_counted(settings: Any) -> None:
    script = Script(ok)
    message = mail(cc=["c@example.org"], bcc=["b@example.org"], reply_to=["r@example.org"], headers={"X-A": "1"})
    message.attach_alternative("<p>Hi</p>", "text/html")
    message.attach("a.txt", "text", "text/plain")
    assert send(settings, script, message, mail(to=[])) == 1
    [sent] = script.last.json
    assert (sent["To"], sent["Cc"], sent["Bcc"], sent["ReplyTo"]) == (
        "a@example.org",
        "c@example.org",
        "b@example.org",
        "r@example.org",
    )
    assert (sent["Subject"], sent["TextBody"].strip(), sent["HtmlBody"].strip()) == ("S", "Hi", "<p>Hi</p>")
    assert sent["Attachments"][0]["Name"] == "a.txt"
    assert {"Name": "X-A", "Value": "1"} in sent["Headers"]
    assert message.postmark_response.message_id == "0"
    assert send(settings, script) == 0


def test_s21_one_refusal_in_a_batch(settings: Any) -> None:
    both = answer([{"ErrorCode": 0, "Message": "OK"}, {"ErrorCode": 406, "Message": "inactive"}])
    assert send(settings, Script(both), mail(), mail(), fail_silently=True) == 1
    with pytest.raises(carom.BatchError):
        send(settings, Script(both), mail(), mail())


def test_s20_failing_silently(settings: Any) -> None:
    broken = mail()
    broken.attach("a.txt", object(), "text/plain")
    assert send(settings, Script(ok), broken, fail_silently=True) == 0
    assert send(settings, Script(refused(10, status=401)), mail(), fail_silently=True) == 0
    with pytest.raises(carom.InvalidApiKeyError):
        send(settings, Script(refused(10, status=401)), mail())
    with pytest.raises(Exception, match=r".+"):
        send(settings, Script(ok), broken)


def test_m16_options_of_a_message_are_anymails(settings: Any) -> None:
    """Also on newer versions of Django, where there is one."""
    script = Script(ok)
    message = mail()
    message.tags, message.metadata, message.track_clicks, message.message_stream = ["t"], {"k": "v"}, True, "broadcast"
    message.esp_extra = {"InlineCss": False}
    templated = mail()
    templated.template_id, templated.merge_global_data = "welcome", {"user_name": 1}
    assert send(settings, script, message, templated) == 2
    [plain], [made] = script.asked[0].json, script.asked[1].json["Messages"]
    assert (plain["Tag"], plain["Metadata"], plain["TrackLinks"], plain["MessageStream"], plain["InlineCss"]) == (
        "t",
        {"k": "v"},
        "HtmlAndText",
        "broadcast",
        False,
    )
    assert (made["TemplateAlias"], made["TemplateModel"]) == ("welcome", {"user_name": 1})
    assert not {"Subject", "TextBody"} & set(made)
    message.tags = ["a", "b"]
    with pytest.raises(ValueError, match="tags"):
        send(settings, script, message)


def test_the_connection_is_opened_and_closed_once(settings: Any) -> None:
    from django.core.mail import get_connection

    settings.POSTMARK_TRANSPORT = Script(ok)
    with get_connection() as connection:
        assert connection.open() is False
        assert connection.send_messages([mail()]) == 1
        client = connection._client
    assert connection._client is None
    with pytest.raises(RuntimeError, match="closed"):
        client.delivery_stats()


def test_the_webhook_view(settings: Any) -> None:
    from django.test import RequestFactory

    from carom.django import event_received, webhook

    seen: list[Any] = []

    def receiver(event: Any, **_: Any) -> None:
        seen.append(event)

    event_received.connect(receiver)
    auth = "Basic " + b64encode(b"u:p").decode()
    requests = RequestFactory()

    def post(data: Any, **headers: Any) -> int:
        request = requests.post("/", data, content_type="application/json", **headers)
        return int(webhook(request).status_code)

    assert post(payload("bounce"), HTTP_AUTHORIZATION=auth) == 200
    assert (seen[0].type, seen[0].recipient) == ("HardBounce", "john@example.com")
    assert post(payload("bounce")) == 401
    assert post(b"nonsense", HTTP_AUTHORIZATION=auth) == 400
    assert webhook(requests.get("/")).status_code == 405
    assert len(seen) == 1

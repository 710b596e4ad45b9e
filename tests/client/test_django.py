# pyright: basic
"""The Django backend and view."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

import carom
from tests.client.scripts import Script, answer, refused
from tests.client.test_hooks import payload

django: Any = pytest.importorskip("django")
BACKEND = "carom.django.EmailBackend"
MAILERS = django.VERSION >= (6, 1)


@pytest.fixture(autouse=True)
def settings() -> Iterator[Any]:
    from django.conf import settings

    if not settings.configured:
        backend: Any = {"MAILERS": {"default": {"BACKEND": BACKEND}}} if MAILERS else {"EMAIL_BACKEND": BACKEND}
        settings.configure(
            **backend,
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


def connection(settings: Any, **options: Any) -> Any:
    """The backend with options, as this version of Django makes it."""
    django_mail: Any = import_module("django.core.mail")
    if not MAILERS:
        return django_mail.get_connection(**options)
    settings.MAILERS = {"default": {"BACKEND": BACKEND, "OPTIONS": options}}
    return django_mail.mailers["default"]


def send(settings: Any, script: Script, *messages: Any, **options: Any) -> int:
    settings.POSTMARK_TRANSPORT = script
    return int(connection(settings, **options).send_messages(list(messages)))


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
    settings.POSTMARK_TRANSPORT = Script(ok)
    with connection(settings) as opened:
        assert opened.open() is False
        assert opened.send_messages([mail()]) == 1
        client = opened._client
    assert opened._client is None
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


def test_m16_a_message_sends_itself(settings: Any) -> None:
    """With what Django's own way makes of a message: folded and encoded headers, alternatives, inline files."""
    from django.core.mail import EmailMultiAlternatives, send_mail

    script = settings.POSTMARK_TRANSPORT = Script(ok)
    connection(settings)
    long = "Grüße aus Köln, " * 12
    message = EmailMultiAlternatives(
        long, "Schöner Text", '"Müller, Ann" <ann@example.com>', ["Zoë <z@example.org>"], headers={"X-Long": long}
    )
    message.attach_alternative("<p>Schön</p>", "text/html")
    message.attach("zeilen.txt", "ü\n", "text/plain")
    message.attach("bild.png", b"\x89PNG\x00", "image/png")
    assert message.send() == 1
    [sent] = script.last.json
    assert sent["From"] == '"Müller, Ann" <ann@example.com>'
    assert sent["To"] == "Zoë <z@example.org>"
    assert sent["Subject"].split() == long.split()
    assert (sent["TextBody"].strip(), sent["HtmlBody"].strip()) == ("Schöner Text", "<p>Schön</p>")
    assert [(file["Name"], b64decode(file["Content"])) for file in sent["Attachments"]] == [
        ("zeilen.txt", "ü\n".encode()),
        ("bild.png", b"\x89PNG\x00"),
    ]
    [header] = [header for header in sent["Headers"] if header["Name"] == "X-Long"]
    assert header["Value"].split() == long.split()
    assert send_mail("S", "Hi", "a@example.com", ["b@example.org"]) == 1
    with pytest.raises(ValueError, match=r"."):
        send_mail("S\nBcc: x@example.org", "Hi", "a@example.com", ["b@example.org"])


def test_m16_parts_of_ones_own(settings: Any) -> None:
    """Django 6 takes the e-mail package's new parts, Django 5 its old ones."""
    message = mail()
    if django.VERSION >= (6, 0):
        from email.message import MIMEPart

        part = MIMEPart()
        part.set_content(
            b"\x89PNG", maintype="image", subtype="png", filename="logo.png", disposition="inline", cid="<logo>"
        )
        message.attach(part)
    else:
        from email.mime.image import MIMEImage

        old = MIMEImage(b"\x89PNG", "png")
        old.add_header("Content-ID", "<logo>")
        old.add_header("Content-Disposition", "inline", filename="logo.png")
        message.attach(old)
    script = Script(ok)
    assert send(settings, script, message) == 1
    [file] = script.last.json[0]["Attachments"]
    assert (file["Name"], file["ContentType"], file["ContentID"]) == ("logo.png", "image/png", "cid:logo")
    assert b64decode(file["Content"]) == b"\x89PNG"


@pytest.mark.skipif(not MAILERS, reason="MAILERS came with Django 6.1")
def test_m16_mailers(settings: Any) -> None:
    """Options in MAILERS are the client's; Django says which one is none."""
    django_mail: Any = import_module("django.core.mail")
    script = Script(ok)
    settings.MAILERS = {
        "default": {"BACKEND": BACKEND},
        "other": {
            "BACKEND": BACKEND,
            "OPTIONS": {"api_token": "other-token", "host": "api.test", "transport": script, "fail_silently": True},
        },
        "wrong": {"BACKEND": BACKEND, "OPTIONS": {"hots": "api.test"}},
    }
    assert mail().send(using="other") == 1
    assert script.last.headers["X-Postmark-Server-Token"] == "other-token"
    assert django_mail.mailers["other"].fail_silently
    assert django_mail.mailers["other"].alias == "other"
    with pytest.raises(django_mail.InvalidMailer, match="hots"):
        mail().send(using="wrong")

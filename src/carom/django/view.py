# pyright: basic, reportMissingImports=false
"""A view that takes Postmark's webhooks: ``path("postmark/", carom.django.webhook)``.

It asks for the user and password of ``POSTMARK_WEBHOOK_USER`` and ``POSTMARK_WEBHOOK_PASSWORD``, and sends
``event_received``. Postmark tries again when the answer is not a success, but never after 403.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from carom import webhooks
from carom.client.errors import DecodeError
from carom.django.signals import event_received


@csrf_exempt  # type: ignore[untyped-decorator]  # Django ships no types
@require_POST  # type: ignore[untyped-decorator]  # as above
def webhook(request: HttpRequest) -> HttpResponse:
    """Read an event and send the signal. Answers 401 without the right password, 400 for what is no event."""
    user: str | None = getattr(settings, "POSTMARK_WEBHOOK_USER", None)
    password: str | None = getattr(settings, "POSTMARK_WEBHOOK_PASSWORD", None)
    if user is None or password is None:
        return HttpResponse(b"POSTMARK_WEBHOOK_USER and POSTMARK_WEBHOOK_PASSWORD are not set", status=500)
    if not webhooks.verify_basic_auth(request.META.get("HTTP_AUTHORIZATION"), user, password):
        return HttpResponse(b"wrong user or password", status=401)
    try:
        event = webhooks.parse(request.body)
    except DecodeError as error:
        return HttpResponse(str(error).encode(), status=400)
    event_received.send(sender=type(event), event=event)
    return HttpResponse()

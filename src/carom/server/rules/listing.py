"""How a stored message reads in the Messages API: its mailboxes, its tracking, its events.

https://postmarkapp.com/developer/api/messages-api
"""

from collections.abc import Mapping

from msgspec import Struct, UnsetType

from carom.server.rules.lifecycle import Event
from carom.server.rules.sending import given
from carom.taxonomy import Suppresses
from carom.wire.addresses import parse_addresses
from carom.wire.endpoint import Ask
from carom.wire.messages import Mailbox

MAX_BODY = 1_000_000
"""How many bytes of a body the API shows."""


class ListedFile(Ask, frozen=True, kw_only=True):
    """An attachment, as lists name it."""

    name: str


class ShownEvent(Struct, frozen=True):
    """What happened to a message, in Postmark's words."""

    type: str
    details: dict[str, str]


_DELIVERY = ("DeliveryMessage", "DestinationServer", "DestinationIP")
_BOUNCE = ("Summary", "BounceID")

# A deferral, and a mail that says the same days later, are both Transient. A recipient that was suppressed before its
# turn has no event at Postmark: nothing was sent.
_SHOWN = {
    Event.ACCEPTED: ("Delivered", _DELIVERY),
    Event.DEFERRED: ("Transient", _DELIVERY),
    Event.DELAYED: ("Transient", _DELIVERY),
    Event.REFUSED: ("Bounced", _BOUNCE),
    Event.RETURNED: ("Bounced", _BOUNCE),
    Event.REMARKED: ("Bounced", _BOUNCE),
}


def shown_event(kind: Event, details: Mapping[str, str]) -> ShownEvent | None:
    """Return an event as the API shows it, None for one that it does not show. Each type has its own details."""
    if kind not in _SHOWN:
        return None
    name, keys = _SHOWN[kind]
    said = {"DeliveryMessage": details.get("Summary", ""), **details}
    return ShownEvent(name, {key: said.get(key, "") for key in keys})


def shown_open(user_agent: str) -> ShownEvent:
    """Return an open as an event of its message."""
    return ShownEvent("Opened", {"Summary": f"Email opened with {user_agent}"})


def shown_click(link: str, location: str) -> ShownEvent:
    """Return a click as an event of its message; ``location`` is HTML or Text."""
    summary = f"Tracked Link '{link}' was clicked from the {location}Body."
    return ShownEvent("LinkClicked", {"Summary": summary, "Link": link, "ClickLocation": location})


def shown_suppression(what: Suppresses) -> ShownEvent:
    """Return what a bounce does to its address as an event of its message."""
    return ShownEvent("SubscriptionChanged", {"Origin": what.origin.value, "SuppressSending": "True"})


def stored_body(text: str | UnsetType) -> str | None:
    """Return a body as the API shows it: its first megabyte, None where there is none."""
    content = given(text)
    if len(content) * 4 > MAX_BODY:  # cutting costs, and hardly any is so long
        content = content.encode()[:MAX_BODY].decode("utf-8", "ignore")
    return content or None


def mailboxes(text: str | UnsetType, field: str) -> list[Mailbox]:
    """Return the mailboxes of To, Cc or Bcc; the name of one without is empty."""
    return [Mailbox(email=one.email, name=one.name) for one in parse_addresses(given(text), field)]


def recipients(*lists: str | UnsetType) -> list[str]:
    """Return the bare addresses of To, Cc and Bcc, each once."""
    found: dict[str, str] = {}
    for text in lists:
        for one in parse_addresses(given(text), "To"):
            found.setdefault(one.email.lower(), one.email)
    return list(found.values())


def tracking(
    opens: bool | UnsetType, links: str | UnsetType, *, server_opens: bool, server_links: str
) -> tuple[bool, str]:
    """Return whether opens are tracked, and which links: a server's opens cannot be turned off by a message, its links
    can."""
    return server_opens or opens is True, given(links) or server_links

"""What is posted to whom, and what an answer means.

An endpoint is somebody's hook: a webhook, named by its id, or one that is set on a server, ``SERVER/Field``. Each is posted
to by itself: what another one does never matters.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from msgspec import Struct

from carom.server.rules.retry import POSTS
from carom.taxonomy import BounceType
from carom.wire.webhooks import Triggers

INBOUND = "Inbound"
INBOUND_HOOK = "InboundHookUrl"


class PostState(IntEnum):
    """Where a post stands. The numbers are stored."""

    WAITING = 0
    """To be posted, now or when its retry is due."""
    POSTED = 1
    """The hook has taken it."""
    DEAD = 2
    """Given up: a dead letter, kept to be looked at and to be posted again."""


class Trigger(Struct, frozen=True):
    """What says that an event is posted: a trigger of webhooks, and the field of the server's own hook, if it has one.
    ``seconds`` is the deadline of a post."""

    of_webhook: str
    of_server: str = ""
    seconds: float = 30.0


TRIGGERS = {
    "Delivery": Trigger("delivery", "DeliveryHookUrl"),
    "Bounce": Trigger("bounce", "BounceHookUrl"),
    # Before there were webhooks a complaint was a bounce, told at the same address.
    "SpamComplaint": Trigger("spam_complaint", "BounceHookUrl"),
    "Open": Trigger("open", "OpenHookUrl"),
    "Click": Trigger("click", "ClickHookUrl"),
    "SubscriptionChange": Trigger("subscription_change"),
    INBOUND: Trigger("", INBOUND_HOOK, seconds=120.0),
}
"""The events by RecordType, which is also the name of the trigger; received mail has none."""

SETTING = {
    "DeliveryHookUrl": "delivery_hook_url",
    "BounceHookUrl": "bounce_hook_url",
    "OpenHookUrl": "open_hook_url",
    "ClickHookUrl": "click_hook_url",
    INBOUND_HOOK: "inbound_hook_url",
}
"""The setting of each hook of a server."""
OF_SENT_MAIL = tuple(setting for field, setting in SETTING.items() if field != INBOUND_HOOK)


class Taker(Struct, frozen=True):
    """An endpoint that is to be told of an event; ``content`` when the raw mail belongs to it."""

    endpoint: str
    content: bool = False


class Takers(Struct, frozen=True):
    """Who may be told of the events of a stream: the settings of its server, and its webhooks by id."""

    server_id: int
    settings: Mapping[str, Any]
    webhooks: Mapping[int, Triggers]

    def of(self, kind: str, *, first: bool = True, bounce: BounceType | None = None) -> list[Taker]:
        """Return who is told of an event; ``first`` is false for an open that is not the recipient's first."""
        if bounce is BounceType.SMTP_API_ERROR and not self.settings.get("enable_smtp_api_error_hooks"):
            return []
        return [*self._webhooks(kind, first=first), *self._server(kind, first=first)]

    def _webhooks(self, kind: str, *, first: bool) -> Iterator[Taker]:
        for webhook_id, triggers in self.webhooks.items():
            trigger = getattr(triggers, TRIGGERS[kind].of_webhook)
            if trigger.enabled and (first or not getattr(trigger, "post_first_open_only", False)):
                yield Taker(str(webhook_id), getattr(trigger, "include_content", False))

    def _server(self, kind: str, *, first: bool) -> Iterator[Taker]:
        field = TRIGGERS[kind].of_server
        if not field or not self.settings.get(SETTING[field]):
            return
        if first or not self.settings.get("post_first_open_only"):
            yield Taker(of_server(self.server_id, field), bool(self.settings.get("include_bounce_content_in_hook")))


def of_server(server_id: int, field: str) -> str:
    """Return the name of the endpoint that a field of a server's settings holds."""
    return f"{server_id}/{field}"


def field_of(endpoint: str) -> str:
    """Return the field of an endpoint that a server's settings hold, empty for a webhook."""
    return endpoint.partition("/")[2]


GIVEN_UP = frozenset(range(400, 500)) - {408, 429}
"""What a hook answers to an event that it does not want: the same post again would change nothing."""
NO_MORE = 403
"""What stops the retries of received mail."""


def is_taken(kind: str, status: int | None) -> bool:
    """Tell whether an answer means that the hook has what was posted: any 2xx for an event, only 200 for received mail."""
    return status == 200 or (status is not None and 200 <= status < 300 and kind != INBOUND)


def retry_at(kind: str, status: int | None, attempts: int, now: datetime) -> datetime | None:
    """Return when to post again after so many attempts, the last of which has failed; None to give up."""
    unwanted = status == NO_MORE if kind == INBOUND else status in GIVEN_UP
    wait = None if unwanted else _wait(kind, attempts)
    return None if wait is None else now + wait


def retries_remaining(kind: str, attempts: int) -> int:
    """Return how many retries follow the attempt that is being made."""
    return max(len(POSTS[kind]) + 1 - attempts, 0)


def _wait(kind: str, attempts: int) -> timedelta | None:
    return POSTS[kind][attempts - 1] if attempts <= len(POSTS[kind]) else None


SLOW = timedelta(seconds=5)
VERY_SLOW = timedelta(seconds=15)
"""From when on an answer is counted as slow, and as very slow. Postmark names the counts and not the limits."""
COUNTED = timedelta(hours=24)
"""How far the statistics of a webhook look back."""

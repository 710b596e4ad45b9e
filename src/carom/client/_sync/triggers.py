# Generated from _async/triggers.py by tools/generators/unasync.py: edit _async.
# id and type are the gem's names
"""Inbound rules, and the retired tag triggers: https://postmarkapp.com/developer/api/inbound-rules-triggers-api."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Unpack

from carom.client._sync.base import Client
from carom.client._sync.pager import Pager
from carom.client.fields import TriggerFields
from carom.client.pages import Listing, Page
from carom.wire import triggers as wire
from carom.wire.acks import Ack
from carom.wire.endpoint import Endpoint
from carom.wire.triggers import InboundRule, TagTrigger

TriggerType = Literal["inbound_rules", "tags"]


class _Calls(NamedTuple):
    listing: Listing[Any, Any]
    create: Endpoint[Any, Any]
    read: Endpoint[Any, Any]
    delete: Endpoint[Any, Any]


RULES = Listing(wire.GET_INBOUND_RULES, InboundRule)

_TRIGGERS: Mapping[str, _Calls] = {
    "inbound_rules": _Calls(RULES, wire.CREATE_INBOUND_RULE, wire.GET_INBOUND_RULE, wire.DELETE_INBOUND_RULE),
    "tags": _Calls(
        Listing(wire.GET_TAG_TRIGGERS, TagTrigger),
        wire.CREATE_TAG_TRIGGER,
        wire.GET_TAG_TRIGGER,
        wire.DELETE_TAG_TRIGGER,
    ),
}


class Triggers(Client):
    """The calls about triggers. Postmark has retired those about ``"tags"``."""

    def create_trigger(self, type: TriggerType, **fields: Unpack[TriggerFields]) -> InboundRule | TagTrigger:
        """Make a trigger."""
        endpoint = _calls(type).create
        made: InboundRule | TagTrigger = self._call(endpoint, endpoint.request(), fields)
        return made

    def get_trigger(self, type: TriggerType, id: int) -> InboundRule | TagTrigger:
        """Return one trigger. Raises NotFoundError."""
        found: InboundRule | TagTrigger = self._call(_calls(type).read, wire.OneTrigger(trigger_id=id))
        return found

    def delete_trigger(self, type: TriggerType, id: int) -> Ack:
        """Remove a trigger. Raises NotFoundError."""
        done: Ack = self._call(_calls(type).delete, wire.OneTrigger(trigger_id=id))
        return done

    def get_triggers(
        self, type: TriggerType, *, count: int = 30, offset: int = 0, match_name: str | None = None
    ) -> Page[InboundRule | TagTrigger]:
        """Return a page of triggers."""
        return self._page(_calls(type).listing, {}, {"match_name": match_name}, count, offset)

    def triggers(
        self, type: TriggerType, *, page_size: int = 500, offset: int = 0, limit: int | None = None
    ) -> Pager[InboundRule | TagTrigger]:
        """Iterate over triggers."""
        return self._pager(_calls(type).listing, {}, {}, page_size, offset, limit)

    def create_inbound_rule(self, rule: str) -> InboundRule:
        """Block an address or a domain from sending to you."""
        return self._call(wire.CREATE_INBOUND_RULE, wire.CreateInboundRule(rule=rule))

    def delete_inbound_rule(self, id: int) -> Ack:
        """Remove an inbound rule. Raises NotFoundError."""
        return self._call(wire.DELETE_INBOUND_RULE, wire.OneTrigger(trigger_id=id))

    def inbound_rules(self, *, page_size: int = 500, offset: int = 0, limit: int | None = None) -> Pager[InboundRule]:
        """Iterate over the inbound rules."""
        return self._pager(RULES, {}, {}, page_size, offset, limit)


def _calls(type: str) -> _Calls:
    calls = _TRIGGERS.get(type)
    if calls is None:
        raise ValueError(f"type is one of {', '.join(_TRIGGERS)}, not {type!r}")
    return calls

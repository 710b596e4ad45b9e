"""Inbound rules, and the retired tag triggers: https://postmarkapp.com/developer/api/inbound-rules-triggers-api."""

from msgspec import UNSET, UnsetType, field

from carom.wire.acks import Ack
from carom.wire.endpoint import Ask, Endpoint, RowId, Wire


class InboundRule(Wire, frozen=True, kw_only=True):
    """A sender, address or domain, whose mail is blocked."""

    id: int
    rule: str


class InboundRulePage(Wire, frozen=True, kw_only=True):
    """A page of inbound rules."""

    total_count: int
    inbound_rules: list[InboundRule]


class TagTrigger(Wire, frozen=True, kw_only=True):
    """A tag trigger. Postmark retired them."""

    id: int
    match_name: str
    track_opens: bool | None = None


class TagTriggerPage(Wire, frozen=True, kw_only=True):
    """A page of tag triggers."""

    total_count: int
    tags: list[TagTrigger]


class GetTriggers(Ask, frozen=True, kw_only=True):
    """Ask for triggers of one type; ``match_name`` is for tags."""

    count: int | UnsetType = field(default=UNSET, name="count")
    offset: int | UnsetType = field(default=UNSET, name="offset")
    match_name: str | UnsetType = field(default=UNSET, name="match_name")


class CreateInboundRule(Ask, frozen=True, kw_only=True):
    """Block an address or a domain."""

    rule: str | UnsetType = UNSET


class OneTrigger(Ask, frozen=True, kw_only=True):
    """Ask about one trigger."""

    trigger_id: RowId


class CreateTagTrigger(Ask, frozen=True, kw_only=True):
    """Make a tag trigger."""

    match_name: str | UnsetType = UNSET
    track_opens: bool | UnsetType = UNSET


class UpdateTagTrigger(CreateTagTrigger, frozen=True, kw_only=True):
    """Change a tag trigger."""

    trigger_id: RowId


_BAD_LIST: dict[str, int] = dict.fromkeys(("count", "offset"), 800)
_NO_RULE = {"TriggerID": 812}

GET_INBOUND_RULES = Endpoint("GET", "/triggers/inboundrules", GetTriggers, InboundRulePage, field_codes=_BAD_LIST)
CREATE_INBOUND_RULE = Endpoint("POST", "/triggers/inboundrules", CreateInboundRule, InboundRule)
GET_INBOUND_RULE = Endpoint("GET", "/triggers/inboundrules/{trigger_id}", OneTrigger, InboundRule, field_codes=_NO_RULE)
DELETE_INBOUND_RULE = Endpoint("DELETE", "/triggers/inboundrules/{trigger_id}", OneTrigger, Ack, field_codes=_NO_RULE)
GET_TAG_TRIGGERS = Endpoint("GET", "/triggers/tags", GetTriggers, TagTriggerPage, field_codes=_BAD_LIST)
CREATE_TAG_TRIGGER = Endpoint("POST", "/triggers/tags", CreateTagTrigger, TagTrigger)
GET_TAG_TRIGGER = Endpoint("GET", "/triggers/tags/{trigger_id}", OneTrigger, TagTrigger)
UPDATE_TAG_TRIGGER = Endpoint("PUT", "/triggers/tags/{trigger_id}", UpdateTagTrigger, TagTrigger)
DELETE_TAG_TRIGGER = Endpoint("DELETE", "/triggers/tags/{trigger_id}", OneTrigger, Ack)

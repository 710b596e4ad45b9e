"""Inbound rules; and tag triggers, which Postmark retired: none is listed, found or made."""

import sqlalchemy as sa

from carom.server.http.calls import Call
from carom.server.http.routes import routes
from carom.server.rules.paging import check_page, shown_total
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.rules.servers import is_domain
from carom.server.store import triggers
from carom.wire.acks import Ack
from carom.wire.addresses import BadAddress, check_address
from carom.wire.triggers import (
    CREATE_INBOUND_RULE,
    CREATE_TAG_TRIGGER,
    DELETE_INBOUND_RULE,
    DELETE_TAG_TRIGGER,
    GET_INBOUND_RULE,
    GET_INBOUND_RULES,
    GET_TAG_TRIGGER,
    GET_TAG_TRIGGERS,
    UPDATE_TAG_TRIGGER,
    CreateInboundRule,
    CreateTagTrigger,
    GetTriggers,
    InboundRule,
    InboundRulePage,
    OneTrigger,
    TagTrigger,
    TagTriggerPage,
    UpdateTagTrigger,
)

BAD_LIST = 800
NOT_FOUND = 812
RETIRED = 615


@routes.serve(GET_INBOUND_RULES)
async def get_inbound_rules(call: Call, request: GetTriggers) -> InboundRulePage:
    """List the rules, oldest first."""
    count, offset = check_page(request.count, request.offset, BAD_LIST)
    total, found = await call.context.database.read(triggers.page, call.tenant.server_id, count, offset)
    return InboundRulePage(total_count=shown_total(total, count), inbound_rules=found)


@routes.serve(CREATE_INBOUND_RULE)
async def create_inbound_rule(call: Call, request: CreateInboundRule) -> InboundRule:
    """Block a sender's address or domain."""
    rule = given(request.rule).strip()
    if not rule:
        raise Refusal(809)
    if not _is_address_or_domain(rule):
        raise Refusal(813, rule=rule)
    made = await call.context.database.write(triggers.add, call.tenant.server_id, rule)
    if made is None:
        raise Refusal(810, rule=rule)
    return made


@routes.serve(GET_INBOUND_RULE)
async def get_inbound_rule(call: Call, request: OneTrigger) -> InboundRule:
    """Show a rule."""
    found = await call.context.database.read(triggers.get, call.tenant.server_id, request.trigger_id)
    if found is None:
        raise Refusal(NOT_FOUND)
    return found


@routes.serve(DELETE_INBOUND_RULE)
async def delete_inbound_rule(call: Call, request: OneTrigger) -> Ack:
    """Remove a rule; the answer names what it blocked."""
    removed = await call.context.database.write(_remove, call.tenant.server_id, request.trigger_id)
    return Ack(error_code=0, message=f"Rule {removed.rule} removed.")


def _remove(connection: sa.Connection, server_id: int, rule_id: int) -> InboundRule:
    removed = triggers.remove(connection, server_id, rule_id)
    if removed is None:
        raise Refusal(NOT_FOUND)
    return removed


def _is_address_or_domain(rule: str) -> bool:
    if "@" not in rule:
        return is_domain(rule)
    try:
        check_address(rule, "Rule")
    except BadAddress:
        return False
    return True


@routes.serve(GET_TAG_TRIGGERS)
async def get_tag_triggers(call: Call, request: GetTriggers) -> TagTriggerPage:
    """List no tag triggers."""
    del call
    check_page(request.count, request.offset, BAD_LIST)
    return TagTriggerPage(total_count=0, tags=[])


@routes.serve(CREATE_TAG_TRIGGER)
async def create_tag_trigger(call: Call, request: CreateTagTrigger) -> TagTrigger:
    """Refuse: tag triggers are retired."""
    del call, request
    raise Refusal(RETIRED)


@routes.serve(GET_TAG_TRIGGER)
async def get_tag_trigger(call: Call, request: OneTrigger) -> TagTrigger:
    """Refuse: tag triggers are retired."""
    del call, request
    raise Refusal(RETIRED)


@routes.serve(UPDATE_TAG_TRIGGER)
async def update_tag_trigger(call: Call, request: UpdateTagTrigger) -> TagTrigger:
    """Refuse: tag triggers are retired."""
    del call, request
    raise Refusal(RETIRED)


@routes.serve(DELETE_TAG_TRIGGER)
async def delete_tag_trigger(call: Call, request: OneTrigger) -> Ack:
    """Refuse: tag triggers are retired."""
    del call, request
    raise Refusal(RETIRED)

"""Sending what a template and a model make, one message or a batch of them."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from msgspec import Raw

from carom.server.http.api import decode_item
from carom.server.http.calls import Call
from carom.server.http.handlers.email import answer_of, send_all
from carom.server.http.handlers.templates import parts_of
from carom.server.http.routes import routes
from carom.server.rules.accepting import Accepted
from carom.server.rules.mustachio import Budget
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import Checked, check, given
from carom.server.rules.templated import Prepared, check_request, message, prepare
from carom.server.rules.templates import BAD_VALUE, no_template
from carom.server.store import templates
from carom.wire.email import (
    MAX_BATCH,
    MAX_BATCH_BYTES,
    MAX_MESSAGE_BYTES,
    SEND_BATCH_WITH_TEMPLATES,
    SEND_WITH_TEMPLATE,
    SendResult,
    SendTemplate,
    SendTemplateBatch,
)
from carom.wire.templates import LAYOUT, Template


class Name(NamedTuple):
    """How a request names its template: by id, which wins, or by alias."""

    id: int
    alias: str

    def not_found(self) -> Refusal:
        """Refuse the request in the words for this name."""
        return no_template("'TemplateId'" if self.id else "Template's 'Alias'")


Kept = tuple[Template, Template | None]
"""A template and its layout."""


@routes.serve(SEND_WITH_TEMPLATE)
async def send_with_template(call: Call, request: SendTemplate) -> SendResult:
    """Accept one message made from a template."""
    [answer] = await _send(call, [request], MAX_MESSAGE_BYTES)
    if isinstance(answer, Refusal):
        raise answer
    return answer_of(answer)


@routes.serve(SEND_BATCH_WITH_TEMPLATES)
async def send_batch_with_templates(call: Call, request: SendTemplateBatch) -> list[SendResult]:
    """Accept up to 500 messages made from templates, each by itself, in one transaction."""
    if len(request.messages) > MAX_BATCH:
        raise Refusal(410)
    items = [_item(raw) for raw in request.messages]
    return [answer_of(answer) for answer in await _send(call, items, MAX_BATCH_BYTES)]


def _item(raw: Raw) -> SendTemplate | Refusal:
    try:
        return decode_item(raw, SEND_WITH_TEMPLATE)
    except Refusal as refusal:
        return refusal


async def _send(call: Call, items: Sequence[SendTemplate | Refusal], room: int) -> list[Accepted | Refusal]:
    """Make the messages and accept them. One budget goes over all; a thread keeps the loop free of a costly one."""
    kept = await _kept(call, {_name(item) for item in items if isinstance(item, SendTemplate)})
    made = await asyncio.to_thread(_make_all, items, kept, Budget(room=room))
    return await send_all(call, made)


def _name(request: SendTemplate) -> Name:
    return Name(request.template_id or 0, given(request.template_alias))


async def _kept(call: Call, names: set[Name]) -> dict[Name, Kept]:
    """Read the templates with these names; the test token's server has none."""
    if call.tenant_or_test is None or not names:
        return {}
    return await call.context.database.read(_read, call.tenant.server_id, names)


def _read(connection: sa.Connection, server_id: int, names: set[Name]) -> dict[Name, Kept]:
    found = {name: read_template(connection, server_id, name) for name in names}
    return {name: kept for name, kept in found.items() if kept is not None}


def read_template(connection: sa.Connection, server_id: int, name: Name) -> Kept | None:
    """Return an active template with its layout."""
    found = (
        templates.by_id(connection, server_id, name.id)
        if name.id
        else templates.by_alias(connection, server_id, name.alias)
    )
    if found is None or not found.active:
        return None
    layout = found.layout_template and templates.by_alias(connection, server_id, found.layout_template)
    return found, layout or None


def _make_all(
    items: Sequence[SendTemplate | Refusal], kept: dict[Name, Kept], budget: Budget
) -> list[Checked | Refusal]:
    prepared: dict[Name, Prepared] = {}
    return [item if isinstance(item, Refusal) else _make(item, kept, prepared, budget) for item in items]


def _make(
    request: SendTemplate, kept: dict[Name, Kept], prepared: dict[Name, Prepared], budget: Budget
) -> Checked | Refusal:
    """Make one message; its template is compiled for the first that uses it."""
    name = _name(request)
    try:
        if name not in kept:
            raise name.not_found()
        check_request(request)
        if name not in prepared:
            prepared[name] = _prepared(*kept[name])
        return check(message(request, prepared[name], budget))
    except Refusal as refusal:
        return refusal


def _prepared(found: Template, layout: Template | None) -> Prepared:
    if found.template_type == LAYOUT:
        raise Refusal(BAD_VALUE, text=f"The template '{found.alias}' is a layout, which cannot be sent by itself.")
    return prepare(parts_of(found), None if layout is None else parts_of(layout))

"""Templates pushed from one server of an account to another."""

from datetime import datetime

import sqlalchemy as sa

from carom.server.http.calls import Call
from carom.server.http.routes import routes
from carom.server.rules.push import Step, check_servers, plan
from carom.server.store import servers, templates
from carom.wire.templates import PUSH_TEMPLATES, PushedTemplate, PushTemplates, Template, TemplatesPush


@routes.serve(PUSH_TEMPLATES)
async def push_templates(call: Call, request: PushTemplates) -> TemplatesPush:
    """Copy what differs, or only say what that would be."""
    context = call.context
    if request.perform_changes is True:
        pushed = await context.database.write(_push, call.account_id, request, context.clock())
    else:
        pushed = [_said(step) for step in await context.database.read(_plan, call.account_id, request)]
    return TemplatesPush(total_count=len(pushed), templates=pushed)


def _push(connection: sa.Connection, account_id: int, request: PushTemplates, now: datetime) -> list[PushedTemplate]:
    templates.hold(connection, request.destination_server_id)
    return [
        _said(step, _write(connection, request.destination_server_id, step, now))
        for step in _plan(connection, account_id, request)
    ]


def _plan(connection: sa.Connection, account_id: int, request: PushTemplates) -> list[Step]:
    source, destination = request.source_server_id, request.destination_server_id
    check_servers(
        source=servers.belongs(connection, account_id, source),
        destination=servers.belongs(connection, account_id, destination),
    )
    return plan(templates.all_of(connection, source), templates.all_of(connection, destination))


def _write(connection: sa.Connection, server_id: int, step: Step, now: datetime) -> int:
    one = step.source
    layout = one.layout_template and templates.layout_id(connection, server_id, one.layout_template)
    values = {
        "name": one.name,
        "subject": one.subject,
        "html_body": one.html_body,
        "text_body": one.text_body,
        "layout_id": layout or None,
    }
    if step.onto is None:
        new = {**values, "alias": one.alias, "type": one.template_type}
        return templates.add(connection, server_id, new, now)
    templates.change(connection, step.onto.template_id, values, now)
    return step.onto.template_id


def _said(step: Step, written: int | None = None) -> PushedTemplate:
    """Return a step as it is answered; a template that would be new has no id yet."""
    one: Template = step.source
    return PushedTemplate(
        action=step.action,
        template_id=step.onto.template_id if step.onto else written,
        alias=one.alias or "",
        name=one.name,
        template_type=one.template_type,
    )

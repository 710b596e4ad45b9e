"""Templates and layouts: made, read, changed, removed, listed, and tried out."""

import asyncio
from datetime import datetime

import sqlalchemy as sa
from msgspec import UNSET

from carom.server.http.calls import Call
from carom.server.http.routes import routes
from carom.server.rules.paging import check_page, shown_total
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import given
from carom.server.rules.templated import preview
from carom.server.rules.templates import (
    BAD_VALUE,
    Parts,
    alias_of,
    check_alias,
    check_name,
    check_parts,
    no_template,
    template_type,
)
from carom.server.store import templates
from carom.wire.acks import Ack
from carom.wire.templates import (
    CREATE_TEMPLATE,
    DELETE_TEMPLATE,
    GET_TEMPLATE,
    GET_TEMPLATES,
    LAYOUT,
    MAX_TEMPLATES,
    UPDATE_TEMPLATE,
    VALIDATE_TEMPLATE,
    CreateTemplate,
    DeleteTemplate,
    GetTemplate,
    GetTemplates,
    Template,
    TemplatePage,
    TemplateSummary,
    TemplateValidation,
    UpdateTemplate,
    ValidateTemplate,
)

BAD_LIST = 1100
NO_LAYOUT = "Template's 'LayoutTemplate'"


@routes.serve(GET_TEMPLATES)
async def get_templates(call: Call, request: GetTemplates) -> TemplatePage:
    """List the live templates, newest first."""
    kind = given(request.template_type)
    wanted = templates.Filter(
        type=None if kind.lower() in {"", "all"} else _listed_type(kind), layout=given(request.layout_template) or None
    )
    count, offset = check_page(request.count, request.offset, BAD_LIST)
    total, found = await call.context.database.read(templates.page, call.tenant.server_id, wanted, count, offset)
    return TemplatePage(total_count=shown_total(total, count), templates=found)


def _listed_type(kind: str) -> str:
    try:
        return template_type(kind)
    except Refusal as refusal:
        raise Refusal(BAD_LIST, text=refusal.message) from refusal


@routes.serve(GET_TEMPLATE)
async def get_template(call: Call, request: GetTemplate) -> Template:
    """Show one template, a deleted one too if it is named by its id."""
    found = await call.context.database.read(templates.find, call.tenant.server_id, request.id_or_alias)
    if found is None:
        raise no_template()
    return found


@routes.serve(CREATE_TEMPLATE)
async def create_template(call: Call, request: CreateTemplate) -> TemplateSummary:
    """Keep a new template or layout."""
    if _is_empty(request):
        raise Refusal(1109)
    check_name(given(request.name))
    kind = template_type(given(request.template_type))
    await asyncio.to_thread(check_parts, kind, _parts(request), given(request.layout_template))
    if request.alias is not UNSET:
        check_alias(given(request.alias))
    return await call.context.database.write(_create, call.tenant.server_id, kind, request, call.context.clock())


def _create(
    connection: sa.Connection, server_id: int, kind: str, request: CreateTemplate, now: datetime
) -> TemplateSummary:
    templates.hold(connection, server_id)
    taken = templates.aliases(connection, server_id)
    if len(taken) >= MAX_TEMPLATES:
        raise Refusal(1105, limit=MAX_TEMPLATES)
    alias = given(request.alias) or alias_of(given(request.name), taken)
    _check_free(alias, taken)
    values = {"name": given(request.name), "alias": alias, "type": kind, **_parts(request)._asdict()}
    layout = _layout_id(connection, server_id, given(request.layout_template))
    return _shown(connection, server_id, templates.add(connection, server_id, {**values, "layout_id": layout}, now))


@routes.serve(UPDATE_TEMPLATE)
async def update_template(call: Call, request: UpdateTemplate) -> TemplateSummary:
    """Change what is given of a template; its type stays, whatever is given."""
    if _is_empty(request):
        raise Refusal(1109)
    if request.name is not UNSET:
        check_name(given(request.name))
    if request.alias is not UNSET:
        check_alias(given(request.alias))
    return await call.context.database.write(_update, call.tenant.server_id, request, call.context.clock())


def _update(connection: sa.Connection, server_id: int, request: UpdateTemplate, now: datetime) -> TemplateSummary:
    templates.hold(connection, server_id)
    found = _live(connection, server_id, request.id_or_alias)
    values = {name: getattr(request, name) for name in _OWN if getattr(request, name) is not UNSET}
    parts = Parts(**{name: values.get(name, getattr(found, name)) for name in Parts._fields})
    check_parts(found.template_type, parts, given(request.layout_template))
    if given(request.alias) not in {"", found.alias}:
        _check_free(given(request.alias), templates.aliases(connection, server_id))
    if request.layout_template is not UNSET:
        values["layout_id"] = _layout_id(connection, server_id, given(request.layout_template))
    templates.change(connection, found.template_id, values, now)
    return _shown(connection, server_id, found.template_id)


@routes.serve(DELETE_TEMPLATE)
async def delete_template(call: Call, request: DeleteTemplate) -> Ack:
    """Remove a template; a layout only when none uses it."""
    removed = await call.context.database.write(
        _delete, call.tenant.server_id, request.id_or_alias, call.context.clock()
    )
    return Ack(error_code=0, message=f"Template {removed} removed.")


def _delete(connection: sa.Connection, server_id: int, id_or_alias: str, now: datetime) -> int:
    templates.hold(connection, server_id)
    found = _live(connection, server_id, id_or_alias)
    users = templates.count_users(connection, server_id, found.template_id)
    if users:
        raise Refusal(1130, count=users)
    templates.remove(connection, found.template_id, now)
    return found.template_id


@routes.serve(VALIDATE_TEMPLATE)
async def validate_template(call: Call, request: ValidateTemplate) -> TemplateValidation:
    """Tell what is wrong with content, and how it renders; nothing is kept."""
    parts = _parts(request)
    if not any(parts):
        raise Refusal(1109)
    is_layout = template_type(given(request.template_type)) == LAYOUT
    if is_layout and parts.subject:
        check_parts(LAYOUT, parts, "")
    layout: Parts | None = None
    if given(request.layout_template) and not is_layout:
        server_id = call.tenant.server_id
        found = await call.context.database.read(templates.by_alias, server_id, given(request.layout_template))
        if found is None or found.template_type != LAYOUT:
            raise no_template(NO_LAYOUT)
        layout = parts_of(found)
    return await asyncio.to_thread(  # a costly one must not hold the loop
        preview,
        parts,
        layout,
        is_layout=is_layout,
        model=request.test_render_model if isinstance(request.test_render_model, dict) else {},
        css=request.inline_css_for_html_test_render is not False,
    )


_OWN = ("name", "alias", *Parts._fields)
"""The fields of a request that are columns too."""


def _is_empty(request: CreateTemplate) -> bool:
    return all(getattr(request, name) is UNSET for name in CreateTemplate.__struct_fields__)


def _parts(request: CreateTemplate | ValidateTemplate) -> Parts:
    subject, html, text = (
        None if value is UNSET else given(value) for value in (request.subject, request.html_body, request.text_body)
    )
    return Parts(subject, html, text)


def parts_of(found: Template) -> Parts:
    """Return the parts of a template that was kept."""
    return Parts(found.subject, found.html_body, found.text_body)


def _live(connection: sa.Connection, server_id: int, id_or_alias: str) -> Template:
    found = templates.find(connection, server_id, id_or_alias)
    if found is None or not found.active:
        raise no_template()
    return found


def _check_free(alias: str, taken: set[str]) -> None:
    if alias in taken:
        raise Refusal(BAD_VALUE, text=f"The 'Alias' '{alias}' is already used by a template of this server.")


def _layout_id(connection: sa.Connection, server_id: int, alias: str) -> int | None:
    if not alias:
        return None
    found = templates.layout_id(connection, server_id, alias)
    if found is None:
        raise no_template(NO_LAYOUT)
    return found


def _shown(connection: sa.Connection, server_id: int, template_id: int) -> TemplateSummary:
    found = templates.by_id(connection, server_id, template_id)
    assert found is not None, "it was written a moment ago, in the same transaction"
    return templates.summary(found)

"""Templates and layouts. A deleted one keeps its row, to be read by its id; its alias is free again."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from carom.server.store.schema import server, template
from carom.wire.templates import LAYOUT, Template, TemplateSummary

_layout = template.alias("layout")
_LIVE = template.c.deleted_at.is_(None)
_COLUMNS = (template, _layout.c.alias.label("layout_alias"))
_TABLES = template.outerjoin(_layout, _layout.c.id == template.c.layout_id)

MAX_ID = 2**63
MAX_DIGITS = 19
"""Of an id: more are an alias, and one that nobody has."""


class Filter(Struct, frozen=True, kw_only=True):
    """What a list asks for; None for all."""

    type: str | None = None
    layout: str | None = None


def hold(connection: sa.Connection, server_id: int) -> None:
    """Let no other transaction change the templates of a server: aliases and their number are checked before a write."""
    connection.execute(sa.select(server.c.id).where(server.c.id == server_id).with_for_update())


def find(connection: sa.Connection, server_id: int, id_or_alias: str) -> Template | None:
    """Return a template by its id, a deleted one too, or by its alias."""
    if id_or_alias.isascii() and id_or_alias.isdigit() and len(id_or_alias) <= MAX_DIGITS:
        return by_id(connection, server_id, int(id_or_alias))
    return by_alias(connection, server_id, id_or_alias)


def by_id(connection: sa.Connection, server_id: int, template_id: int) -> Template | None:
    """Return a template by its id, a deleted one too."""
    return _one(connection, server_id, template.c.id == template_id) if 0 <= template_id < MAX_ID else None


def by_alias(connection: sa.Connection, server_id: int, alias: str) -> Template | None:
    """Return the live template with an alias."""
    return _one(connection, server_id, template.c.alias == alias, _LIVE)


def aliases(connection: sa.Connection, server_id: int) -> set[str]:
    """Return the aliases that are taken, one for each live template."""
    return set(connection.scalars(sa.select(template.c.alias).where(template.c.server_id == server_id, _LIVE)))


def all_of(connection: sa.Connection, server_id: int) -> list[Template]:
    """Return the live templates of a server, oldest first."""
    query = sa.select(*_COLUMNS).select_from(_TABLES).where(template.c.server_id == server_id, _LIVE)
    return [_template(row) for row in connection.execute(query.order_by(template.c.id))]


def layout_id(connection: sa.Connection, server_id: int, alias: str) -> int | None:
    """Return the id of the live layout with an alias."""
    found = by_alias(connection, server_id, alias)
    return found.template_id if found and found.template_type == LAYOUT else None


def count_users(connection: sa.Connection, server_id: int, layout: int) -> int:
    """Count the live templates that use a layout."""
    used = sa.select(sa.func.count()).where(template.c.server_id == server_id, template.c.layout_id == layout, _LIVE)
    return connection.execute(used).scalar_one()


def add(connection: sa.Connection, server_id: int, values: dict[str, Any], now: datetime) -> int:
    """Keep a new template and return its id. ``values`` are columns."""
    row = {"server_id": server_id, "created_at": now, "updated_at": now, **values}
    added: int = connection.execute(sa.insert(template).values(row).returning(template.c.id)).scalar_one()
    return added


def change(connection: sa.Connection, template_id: int, values: dict[str, Any], now: datetime) -> None:
    """Change some columns of a template."""
    connection.execute(sa.update(template).where(template.c.id == template_id).values(updated_at=now, **values))


def remove(connection: sa.Connection, template_id: int, now: datetime) -> None:
    """Delete a template."""
    change(connection, template_id, {"deleted_at": now}, now)


def page(
    connection: sa.Connection, server_id: int, wanted: Filter, count: int, offset: int
) -> tuple[int, list[TemplateSummary]]:
    """Return how many live templates there are, and a page of them, newest first."""
    which = [template.c.server_id == server_id, _LIVE, *_wanted(wanted)]
    total = connection.execute(sa.select(sa.func.count()).select_from(_TABLES).where(*which)).scalar_one()
    rows = connection.execute(
        sa.select(*_COLUMNS)
        .select_from(_TABLES)
        .where(*which)
        .order_by(template.c.id.desc())
        .limit(count)
        .offset(offset)
    )
    return total, [summary(_template(row)) for row in rows]


def _wanted(wanted: Filter) -> Iterable[sa.ColumnElement[bool]]:
    if wanted.type is not None:
        yield template.c.type == wanted.type
    if wanted.layout is not None:
        yield _layout.c.alias == wanted.layout


def _one(connection: sa.Connection, server_id: int, *which: sa.ColumnElement[bool]) -> Template | None:
    query = sa.select(*_COLUMNS).select_from(_TABLES).where(template.c.server_id == server_id, *which)
    row = connection.execute(query).first()
    return None if row is None else _template(row)


def _template(row: sa.Row[Any]) -> Template:
    return Template(
        template_id=row.id,
        name=row.name,
        alias=row.alias,
        subject=row.subject,
        html_body=row.html_body,
        text_body=row.text_body,
        associated_server_id=row.server_id,
        active=row.deleted_at is None,
        template_type=row.type,
        layout_template=row.layout_alias,
    )


def summary(found: Template) -> TemplateSummary:
    """Return a template without its content."""
    return TemplateSummary(**{name: getattr(found, name) for name in TemplateSummary.__struct_fields__})

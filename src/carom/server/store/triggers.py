"""Inbound rules of a server: the senders whose mail is blocked."""

import sqlalchemy as sa

from carom.server.store.schema import inbound_rule
from carom.server.store.types import insert_new
from carom.wire.triggers import InboundRule

_SHOWN = sa.select(inbound_rule.c.id, inbound_rule.c.rule)


def page(connection: sa.Connection, server_id: int, count: int, offset: int) -> tuple[int, list[InboundRule]]:
    """Return how many rules there are, and a page of them, oldest first."""
    mine = inbound_rule.c.server_id == server_id
    total = connection.execute(sa.select(sa.func.count()).select_from(inbound_rule).where(mine)).scalar_one()
    rows = connection.execute(_SHOWN.where(mine).order_by(inbound_rule.c.id).limit(count).offset(offset))
    return total, [InboundRule(id=row.id, rule=row.rule) for row in rows]


def get(connection: sa.Connection, server_id: int, rule_id: int) -> InboundRule | None:
    """Return a rule."""
    row = connection.execute(_SHOWN.where(inbound_rule.c.server_id == server_id, inbound_rule.c.id == rule_id)).first()
    return None if row is None else InboundRule(id=row.id, rule=row.rule)


def add(connection: sa.Connection, server_id: int, rule: str) -> InboundRule | None:
    """Make a rule; None if the server has it already, in any case."""
    row = {"server_id": server_id, "rule": rule, "folded": rule.lower()}
    made = insert_new(connection, inbound_rule, row).returning(inbound_rule.c.id)
    rule_id = connection.execute(made).scalar_one_or_none()
    return None if rule_id is None else InboundRule(id=rule_id, rule=rule)


def remove(connection: sa.Connection, server_id: int, rule_id: int) -> InboundRule | None:
    """Remove a rule and return what it was, None where there is none."""
    found = get(connection, server_id, rule_id)
    if found is not None:
        connection.execute(
            sa.delete(inbound_rule).where(inbound_rule.c.server_id == server_id, inbound_rule.c.id == rule_id)
        )
    return found

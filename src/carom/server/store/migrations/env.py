"""Alembic's entry: it runs on the connection that it is given and leaves the transaction to the caller."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from carom.server.store.schema import metadata
from carom.server.store.types import Code, Json, MessageId, Utc


def render(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Write a column type into a migration: by name where the databases differ, else as the type beneath."""
    del autogen
    if kind != "type":
        return False
    plain = {Utc: "sa.BigInteger()", Json: "sa.Text()", Code: "sa.SmallInteger()", MessageId: "types.MessageId()"}
    if type(item) in plain:
        return plain[type(item)]
    return "types.BigId" if isinstance(item, sa.BigInteger) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()

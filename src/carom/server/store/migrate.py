"""The schema's versions. SQLite is upgraded at start; PostgreSQL is upgraded by ``carom migrate`` alone."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from carom.server.config import BadSetting
from carom.server.store.schema import FIRST_ID


class UnknownSchema(BadSetting):
    """The store has a schema that this program cannot work with: a newer one, or one that is still to be upgraded."""


def alembic_config() -> Config:
    """Return alembic's configuration: where the migrations are."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(connection: sa.Connection) -> None:
    """Bring the schema to this program's version, in the transaction that the caller has begun. Raises UnknownSchema."""
    hold_schema(connection)
    current, head = versions(connection)
    if current == head:
        return
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def hold_schema(connection: sa.Connection) -> None:
    """Let nobody else change the schema before the transaction ends: two nodes may start at once on an empty database."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('carom schema'))"))


def versions(connection: sa.Connection) -> tuple[str | None, str | None]:
    """Return the store's version, None for an empty one, and this program's. Raises UnknownSchema for a newer store."""
    script = ScriptDirectory.from_config(alembic_config())
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise UnknownSchema(
            f"the store has the schema {current}, which this version of Carom does not know; use a newer one"
        )
    return current, script.get_current_head()


def start_ids(connection: sa.Connection, tables: list[str]) -> None:
    """Let SQLite number the rows of new tables from FIRST_ID; PostgreSQL has it from the column."""
    if connection.dialect.name != "sqlite":
        return
    for name in tables:
        connection.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), {"name": name, "seq": FIRST_ID - 1}
        )

"""The schema's versions. SQLite is upgraded at start; PostgreSQL is upgraded by ``carom migrate`` alone."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from carom.server.store.schema import FIRST_ID


class UnknownSchema(RuntimeError):
    """The store was made by a newer Carom than this one."""


def alembic_config() -> Config:
    """Return alembic's configuration: where the migrations are."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(connection: sa.Connection) -> None:
    """Bring the schema to this program's version, in the transaction that the caller has begun. Raises UnknownSchema."""
    script = ScriptDirectory.from_config(alembic_config())
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise UnknownSchema(
            f"the store has the schema {current}, which this version of Carom does not know; use a newer one"
        )
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def start_ids(connection: sa.Connection, tables: list[str]) -> None:
    """Let SQLite number the rows of new tables from FIRST_ID; PostgreSQL has it from the column."""
    if connection.dialect.name != "sqlite":
        return
    for name in tables:
        connection.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), {"name": name, "seq": FIRST_ID - 1}
        )

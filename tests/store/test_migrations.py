"""The migrations and the schema say the same."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from carom.server.store import servers
from carom.server.store.migrate import UnknownSchema, alembic_config, upgrade
from carom.server.store.schema import FIRST_ID, metadata, sender, server
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio


async def test_migrations_make_the_schema_that_the_code_names(store: Store) -> None:
    """A column added to schema.py without a migration fails here, on both databases."""
    assert await store.database.write(_differences) == []


def _differences(connection: sa.Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": False})
    return list(compare_metadata(context, metadata))


async def test_upgrading_twice_changes_nothing(store: Store) -> None:
    """A start on a store that is up to date writes nothing."""
    await store.database.write(upgrade)
    assert await store.database.write(_differences) == []


async def test_ids_start_at_a_thousand(store: Store) -> None:
    """Clients use 0 and 1 as ids that do not exist."""
    assert store.tenant.server_id == FIRST_ID
    row = {"account_id": store.tenant.account_id, "address": "a@example.com", "name": "", "created_at": NOW}
    insert = sa.insert(sender).values(row).returning(sender.c.id)
    assert await store.database.write(lambda c: c.execute(insert).scalar_one()) == FIRST_ID


async def test_no_migration_made_a_table_anew_and_lost_where_its_ids_start(store: Store) -> None:
    """SQLite keeps that beside the table: one that is copied begins at 1."""
    numbered = {table.name for table in metadata.sorted_tables if table.dialect_options["sqlite"]["autoincrement"]}

    def lowest(connection: sa.Connection) -> set[str]:
        if connection.dialect.name == "sqlite":
            rows = connection.execute(
                sa.text("SELECT name FROM sqlite_sequence WHERE seq >= :last"), {"last": FIRST_ID - 1}
            )
            return set(rows.scalars())
        starts = sa.text("SELECT table_name FROM information_schema.columns WHERE identity_start = :first")
        return set(connection.execute(starts, {"first": str(FIRST_ID)}).scalars())

    assert await store.database.read(lowest) == numbered


async def test_a_newer_schema_is_refused(store: Store) -> None:
    """An older program must not write to a store that a newer one made."""
    await store.database.write(lambda c: c.execute(sa.text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(UnknownSchema, match="9999"):
        await store.database.write(upgrade)


async def test_inbound_domains_are_read_out_of_settings_that_were_there_before(store: Store) -> None:
    """Of two servers with one domain, which an older store could have, the older gets the mail, as it did."""
    names = {"a": "Mail.Example.com", "b": "mail.example.COM", "c": ""}

    def fill(connection: sa.Connection) -> list[str | None]:
        for name, domain in names.items():
            settings = servers.ServerSettings(inbound_domain=domain)
            made = servers.create(connection, store.keyring, store.tenant.account_id, name, now=NOW)
            connection.execute(sa.update(server).where(server.c.id == made).values(settings=settings))
        revision = ScriptDirectory.from_config(alembic_config()).get_revision("0012")
        revision.module._fill(connection)
        found = sa.select(server.c.inbound_domain).where(server.c.name.in_(names)).order_by(server.c.id)
        return list(connection.scalars(found))

    assert await store.database.write(fill) == ["mail.example.com", None, None]

"""Opening the store that the settings name: SQLite in a folder, or PostgreSQL."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from carom.server.config import BadSetting, Settings
from carom.server.keyring import Keyring
from carom.server.store import servers
from carom.server.store.database import Database, SqliteDatabase
from carom.server.store.migrate import UnknownSchema, hold_schema, upgrade, versions
from carom.server.store.servers import Tokens


def open_database(settings: Settings, *, patient: bool = False, apart: bool = False) -> Database:
    """Return the store; nothing is asked of it yet. ``patient`` lets a statement take any time, as a migration may.
    ``apart`` has a process of its own write to SQLite: only for a program that has no other threads yet. Raises BadSetting
    when the driver is missing."""
    url = settings.postgres_url
    if url is None:
        return SqliteDatabase(settings.sqlite_path, apart=apart)
    try:
        from carom.server.store.postgres import PostgresDatabase
    except ImportError as error:
        raise BadSetting(f"PostgreSQL needs its driver: pip install 'carom[postgres]' ({error})") from error
    return PostgresDatabase(url, patient=patient)


async def begin(database: Database, keyring: Keyring, tokens: Tokens, now: datetime) -> Tokens | None:
    """Make an empty store ready, with an account and a first server, and return the tokens that these got; None for a
    store that is in use. Raises BadSetting where the store cannot be reached or has a schema to upgrade or a newer one.

    SQLite is upgraded here: nobody else has it. On PostgreSQL other nodes may be at work with the schema that is there.
    """
    await reach(database)
    return await database.write(_begin, keyring, tokens, now, upgrades=database.exclusive)


def _begin(
    connection: sa.Connection, keyring: Keyring, tokens: Tokens, now: datetime, *, upgrades: bool
) -> Tokens | None:
    hold_schema(connection)
    current, head = versions(connection)
    if current not in {None, head} and not upgrades:
        raise UnknownSchema(
            f"the store has the schema {current} and this version of Carom needs {head}: stop its servers, then run "
            "'carom migrate' with the same --database"
        )
    upgrade(connection)
    if not servers.is_empty(connection):
        return None
    servers.begin(connection, keyring, tokens, now)
    return tokens


async def reach(database: Database) -> None:
    """Ask something of the store. Raises BadSetting with the reason when it does not answer."""
    try:
        await database.read(lambda connection: connection.scalar(sa.select(1)))
    except OperationalError as error:
        raise BadSetting(f"cannot use the store {database.name}: {error.orig or error}") from error

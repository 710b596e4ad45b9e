"""Writing and reading through a Database."""

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from carom.server.store.schema import account
from tests.stores import Store

pytestmark = pytest.mark.anyio


def _rename(connection: sa.Connection, name: str) -> None:
    connection.execute(sa.update(account).values(name=name))


def _rename_and_fail(connection: sa.Connection) -> None:
    _rename(connection, "never")
    raise LookupError("after the write")


def _name(connection: sa.Connection) -> str | None:
    return connection.scalar(sa.select(account.c.name))


async def test_a_write_is_read_by_the_next_read(store: Store) -> None:
    """A 200 holds for the very next request."""
    for number in range(20):
        await store.database.write(_rename, str(number))
        assert await store.database.read(_name) == str(number)


async def test_a_function_that_fails_undoes_only_itself(store: Store) -> None:
    """Concurrent writes may share a commit; a fault in one is its caller's alone."""
    await store.database.write(_rename, "before")
    results = await asyncio.gather(
        store.database.write(_rename_and_fail),
        store.database.write(_rename, "after"),
        store.database.write(_rename_and_fail),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [LookupError, type(None), LookupError]
    assert await store.database.read(_name) == "after"


async def test_a_reader_cannot_write(store: Store) -> None:
    """What only reads is kept from writing by the database itself."""
    with pytest.raises(DBAPIError):
        await store.database.read(_rename, "read only")
    assert await store.database.read(_name) == "Carom"


async def test_an_error_of_the_store_shows_no_parameters(store: Store) -> None:
    """It is logged, and parameters hold mails and tokens."""

    def break_it(connection: sa.Connection) -> None:
        connection.execute(sa.text("INSERT INTO account (nothing) VALUES (:value)"), {"value": "s3cret"})

    with pytest.raises(DBAPIError) as caught:
        await store.database.write(break_it)
    assert "s3cret" not in str(caught.value)

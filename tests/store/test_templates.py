"""Templates in the store, on both databases."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from carom.server.store import servers, templates
from carom.server.store.schema import FIRST_ID
from carom.server.store.templates import Filter
from tests.stores import NOW, Store

pytestmark = pytest.mark.anyio

ALL = Filter()


async def add(store: Store, alias: str, *, server_id: int | None = None, **columns: object) -> int:
    """Keep a template."""
    values = {"name": f"Name of {alias}", "alias": alias, "type": "Standard", "subject": "é", **columns}
    return await store.database.write(templates.add, server_id or store.tenant.server_id, values, NOW)


async def other_server(store: Store) -> int:
    """Make a second server of the same account."""

    def create(connection: sa.Connection) -> int:
        return servers.create(connection, store.keyring, store.tenant.account_id, "Other", now=NOW)

    return await store.database.write(create)


async def test_a_template_is_found_by_id_and_alias(store: Store) -> None:
    """Ids begin where all do."""
    assert await add(store, "a") == FIRST_ID
    found = await store.database.read(templates.find, store.tenant.server_id, str(FIRST_ID))
    assert found is not None
    assert (found.name, found.subject, found.html_body, found.active) == ("Name of a", "é", None, True)
    assert await store.database.read(templates.find, store.tenant.server_id, "a") == found
    for name in ("A", "b", "999", str(2**63), "²", "-1"):
        assert await store.database.read(templates.find, store.tenant.server_id, name) is None


async def test_the_templates_of_another_server_are_as_if_not_there(store: Store) -> None:
    """By id, by alias, in lists, as layouts, and for what is free."""
    other = await other_server(store)
    mine, theirs = store.tenant.server_id, await add(store, "a", server_id=other, type="Layout")
    assert await store.database.read(templates.find, mine, str(theirs)) is None
    assert await store.database.read(templates.find, mine, "a") is None
    assert await store.database.read(templates.layout_id, mine, "a") is None
    assert await store.database.read(templates.page, mine, ALL, 10, 0) == (0, [])
    assert await store.database.read(templates.aliases, mine) == set()
    await add(store, "a")


async def test_an_alias_is_unique_among_the_live(store: Store) -> None:
    """The database says so too; a removed one gives it back and keeps its row."""
    first = await add(store, "a")
    with pytest.raises(IntegrityError):
        await add(store, "a")
    await store.database.write(templates.remove, first, NOW)
    second = await add(store, "a")
    removed = await store.database.read(templates.by_id, store.tenant.server_id, first)
    assert removed is not None
    assert (removed.active, removed.alias) == (False, "a")
    found = await store.database.read(templates.by_alias, store.tenant.server_id, "a")
    assert found is not None
    assert found.template_id == second


async def test_a_layout_is_shown_by_its_alias_and_counts_its_live_users(store: Store) -> None:
    """Also after the alias has changed."""
    server_id = store.tenant.server_id
    layout = await add(store, "frame", type="Layout")
    users = [await add(store, f"t{number}", layout_id=layout) for number in range(3)]
    await store.database.write(templates.remove, users[0], NOW)
    await store.database.write(templates.change, layout, {"alias": "border"}, NOW)
    assert await store.database.read(templates.layout_id, server_id, "border") == layout
    assert await store.database.read(templates.layout_id, server_id, "t1") is None
    assert await store.database.read(templates.count_users, server_id, layout) == 2
    total, found = await store.database.read(templates.page, server_id, Filter(layout="border"), 1, 1)
    assert (total, [one.template_id for one in found], found[0].layout_template) == (2, [users[1]], "border")
    assert (await store.database.read(templates.page, server_id, Filter(type="Layout"), 9, 0))[0] == 1


async def test_holding_a_server_is_allowed_on_both_databases(store: Store) -> None:
    """SQLite has one writer at a time and nothing to hold."""
    await store.database.write(templates.hold, store.tenant.server_id)

"""Who may submit, on both stores: one refusal for all that is wrong, and the same work for it."""

import hmac
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from carom.server.smtp.handler import Claim
from carom.server.smtp.lockout import FAILURES_OF_KEY
from carom.server.smtp.logins import Logins
from carom.server.store import removal, servers, smtp_tokens
from tests.stores import NOW, TOKENS, Store

pytestmark = pytest.mark.anyio

CHALLENGE = b"<1@carom.test>"


def claim(user: str, password: str) -> Claim:
    return Claim(user, password, None, "192.0.2.1")


def answer(user: str, secret: str) -> Claim:
    digest = hmac.new(secret.encode(), CHALLENGE, "md5").hexdigest()
    return Claim(user, digest, CHALLENGE, "192.0.2.1")


async def test_a_server_token_is_user_and_password(store: Store) -> None:
    logins, token = Logins(store.database), TOKENS.server
    for one in (claim(token, token), claim(token.upper(), token), answer(token, token), answer(token, token.upper())):
        found = await logins.login(one)
        assert found is not None
        assert (found.tenant, found.stream) == (store.tenant, None)
    for one in (claim(token, TOKENS.account), claim(TOKENS.account, TOKENS.account), answer(token, "x"), claim("", "")):
        assert await logins.login(one) is None


async def test_an_smtp_token_is_bound_to_its_stream(store: Store) -> None:
    logins = Logins(store.database)
    keys = await store.database.write(smtp_tokens.create, store.tenant.server_id, "broadcast", NOW)
    assert keys is not None
    found = await logins.login(claim(keys.access_key, keys.secret_key))
    assert found is not None
    assert (found.tenant, found.stream) == (store.tenant, "broadcast")
    for password in ("", keys.access_key, keys.secret_key.swapcase(), keys.secret_key + " "):
        assert await logins.login(claim(keys.access_key, password)) is None
    assert await store.database.write(smtp_tokens.create, store.tenant.server_id, "broadcast", NOW) is None
    [listed] = await store.database.read(smtp_tokens.all_)
    assert (listed.access_key, listed.stream) == (keys.access_key, "broadcast")
    await store.database.write(removal.remove_server, store.tenant.account_id, store.tenant.server_id)
    assert await store.database.read(smtp_tokens.all_) == []


async def test_one_more_guess_is_refused_though_it_is_right(store: Store) -> None:
    """Security row 5: the right secret too, and another key goes on."""
    logins = Logins(store.database)
    keys = await store.database.write(smtp_tokens.create, store.tenant.server_id, "broadcast", NOW)
    assert keys is not None
    for guess in range(FAILURES_OF_KEY):
        assert await logins.login(claim(keys.access_key, f"guess {guess}")) is None
    assert await logins.login(claim(keys.access_key, keys.secret_key)) is None
    assert await logins.login(claim(TOKENS.server, TOKENS.server)) is not None


async def test_every_refusal_costs_the_same_questions(store: Store) -> None:
    """Known and unknown users, server tokens, SMTP tokens, locked out: the store is asked the same."""
    keys = await store.database.write(smtp_tokens.create, store.tenant.server_id, "broadcast", NOW)
    assert keys is not None
    logins = Logins(store.database)
    asked: list[list[str]] = []

    def listen(connection: sa.Connection, call: Claim, read: Any) -> Any:
        statements: list[str] = []

        def note(*told: Any) -> None:
            statements.append(told[2])

        event.listen(connection, "before_cursor_execute", note)
        try:
            return read(connection, call)
        finally:
            event.remove(connection, "before_cursor_execute", note)
            asked.append(statements)

    class Spied:
        async def read(self, read: Any, call: Claim) -> Any:
            return await store.database.read(listen, call, read)

    logins._database = Spied()  # type: ignore[assignment]
    for user in (TOKENS.server, keys.access_key, "nobody", "", keys.access_key):
        for _ in range(FAILURES_OF_KEY + 1):
            assert await logins.login(claim(user, "guess")) is None
    assert len({tuple(statements) for statements in asked}) == 1
    assert len(asked[0]) == 2


async def test_a_server_without_smtp_lets_nobody_in(store: Store) -> None:
    keys = await store.database.write(smtp_tokens.create, store.tenant.server_id, "outbound", NOW)
    assert keys is not None
    off = servers.ServerSettings(smtp_api_activated=False)
    await store.database.write(servers.change, store.tenant.server_id, None, off)
    logins = Logins(store.database)
    assert await logins.login(claim(TOKENS.server, TOKENS.server)) is None
    assert await logins.login(claim(keys.access_key, keys.secret_key)) is None

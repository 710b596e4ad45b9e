"""PostgreSQL as the store."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

P = ParamSpec("P")
T = TypeVar("T")


class PostgresDatabase:
    """PostgreSQL through asyncpg: the same functions, each in a transaction of its own."""

    def __init__(self, url: str) -> None:
        """Open a store whose schema is in place. ``url`` begins with ``postgresql://``."""
        asyncpg_url = sa.make_url(url).set(drivername="postgresql+asyncpg")
        self._engine = create_async_engine(
            asyncpg_url,
            hide_parameters=True,
            pool_size=10,
            connect_args={"server_settings": {"synchronous_commit": "on"}},
        )

    async def write(self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See :class:`carom.server.store.database.Database`."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(lambda c: function(c, *args, **kwargs))

    async def read(self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See :class:`carom.server.store.database.Database`."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            return await connection.run_sync(lambda c: function(c, *args, **kwargs))

    async def close(self) -> None:
        """See :class:`carom.server.store.database.Database`."""
        await self._engine.dispose()

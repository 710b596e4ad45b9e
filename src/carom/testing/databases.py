"""A PostgreSQL database for one test run."""

import asyncio
import contextlib
from collections.abc import Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

T = TypeVar("T")


def finished(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end, also where an event loop is running: on a thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@contextlib.contextmanager
def fresh_database(url: str, *, copy_of: str = "template1") -> Generator[str]:
    """Make a database in the PostgreSQL server of ``url``, give its URL, and drop it at the end. It is empty, or as
    another one is that nobody is connected to.

    The user of ``url`` needs the right to make databases; the one that it names is only connected to.
    """
    name = f"carom_{uuid4().hex}"
    finished(_execute(url, f'CREATE DATABASE {name} TEMPLATE "{copy_of}"'))
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        finished(_execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    from carom.server.store.postgres import driver

    connection = await driver.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()

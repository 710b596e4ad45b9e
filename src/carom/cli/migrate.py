"""carom migrate."""

from pathlib import Path

from carom.cli.problems import Problem
from carom.server.config import Settings
from carom.server.store.database import sqlite_engine
from carom.server.store.migrate import UnknownSchema, upgrade


def migrate(*, data: Path = Settings.data) -> None:
    """Bring the store's schema up to date. A server on SQLite does so by itself at its start.

    Parameters
    ----------
    data
        The data folder of the server.

    """
    path = Settings(data=data).sqlite_path
    if not path.exists():
        raise Problem(f"there is no store in {data}; 'carom serve --data {data}' makes one")
    with sqlite_engine(path).connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            upgrade(connection)
        except UnknownSchema as error:
            raise Problem(str(error)) from error
        connection.exec_driver_sql("COMMIT")
    print("the schema is up to date")

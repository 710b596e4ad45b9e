"""TotalCount where no counter has it: counted row by row, and no further than CEILING.

A list can be paged through its first 10,000 rows (:mod:`carom.server.rules.paging`); up to ten times that its total is
exact, and beyond it says CEILING. Without a bound a search that matches everything would read ten million rows to say
so.
"""

import sqlalchemy as sa

CEILING = 100_000


def count(connection: sa.Connection, table: sa.FromClause, where: list[sa.ColumnElement[bool]]) -> int:
    """Return how many rows match, CEILING where there are more."""
    first = sa.select(sa.literal(1)).select_from(table).where(*where).limit(CEILING).subquery()
    return connection.execute(sa.select(sa.func.count()).select_from(first)).scalar_one()

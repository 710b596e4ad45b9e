"""What stands behind IN has few lengths: each length is a statement that SQLite keeps prepared."""

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from carom.server.store.types import padded


@pytest.mark.parametrize(
    ("values", "found"),
    [([], []), ([1], [1]), ([1, 2], [1, 2]), ([1, 2, 3], [1, 2, 3, 3]), (range(5), [0, 1, 2, 3, 4, 4, 4, 4])],
)
def test_the_last_one_is_repeated(values: list[int], found: list[int]) -> None:
    assert padded(values) == found


def test_five_hundred_lengths_are_ten_statements_and_find_the_same() -> None:
    engine = sa.create_engine("sqlite://")
    number = sa.table("number", sa.column("value", sa.Integer))
    texts: set[str] = set()

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        texts.add(statement)

    event.listen(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE number (value INTEGER)")
        connection.execute(sa.insert(number), [{"value": value} for value in range(500)])
        texts.clear()
        for length in range(1, 501):
            among = number.c.value.in_(padded(range(length)))
            assert connection.scalar(sa.select(sa.func.count()).where(among)) == length
    assert len(texts) == 10

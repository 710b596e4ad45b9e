"""Column types for what SQLite and PostgreSQL spell differently."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""An integer id. SQLite numbers rows by itself only in a column that is plainly INTEGER."""


T = TypeVar("T")


def padded(values: Iterable[T]) -> list[T]:
    """Return what stands behind IN, the last one repeated up to the next power of two. Each number of values is a statement of
    its own, which SQLite keeps prepared: of 500 lengths that would be 500."""
    found = list(values)
    return found + found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found) if found else 0)


class Utc(TypeDecorator[datetime]):
    """A time as integer microseconds since 1970: SQLite would give a naive one back."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a naive time."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return an aware time."""
        del dialect
        return None if value is None else _EPOCH + value * _MICROSECOND


class MessageId(TypeDecorator[UUID]):
    """A UUID in 16 bytes: PostgreSQL's own type, a blob in SQLite."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        return postgresql.UUID() if dialect.name == "postgresql" else dialect.type_descriptor(sa.LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> UUID | bytes | None:
        """Give each database its form."""
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: UUID | bytes | None, dialect: Dialect) -> UUID | None:
        """Return a UUID."""
        del dialect
        return UUID(bytes=value) if isinstance(value, bytes) else value


class Json(TypeDecorator[Any]):
    """A value as JSON text, encoded and decoded by msgspec."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Encode."""
        del dialect
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Decode into plain values."""
        del dialect
        return None if value is None else msgspec.json.decode(value)


E = TypeVar("E", bound=IntEnum)


class Code(TypeDecorator[E], Generic[E]):
    """A member of an integer enum as a small number."""

    impl = sa.SmallInteger
    cache_ok = True

    def __init__(self, enum: type[E]) -> None:
        """Name the enum."""
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: E | None, dialect: Dialect) -> int | None:
        """Store the number."""
        del dialect
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> E | None:
        """Return the member."""
        del dialect
        return None if value is None else self.enum(value)


def insert_new(connection: sa.Connection, table: sa.Table, values: dict[str, Any] | list[dict[str, Any]]) -> sa.Insert:
    """Return an insert that leaves rows alone that are there already."""
    dialects: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    insert = dialects[connection.dialect.name](table).values(values).on_conflict_do_nothing()
    return cast("sa.Insert", insert)


def insert_or_update(
    connection: sa.Connection, table: sa.Table, values: dict[str, Any] | None, updated: list[str]
) -> sa.Insert:
    """Return an insert that sets some columns of a row that is there already. Without ``values`` they are given when it is
    executed."""
    dialects: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    insert = dialects[connection.dialect.name](table)
    insert = insert if values is None else insert.values(values)
    again = {name: insert.excluded[name] for name in updated}
    return cast("sa.Insert", insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=again))

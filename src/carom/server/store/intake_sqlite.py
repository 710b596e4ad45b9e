"""The hot path's statements for SQLite: as few as can be, because each of them gives the interpreter's lock away and has to
wait until the event loop lets it have it again.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import msgspec

from carom.server.store.intake import Questions, Rows, Statement

MOST = 64
"""How many rows a statement writes: there is a statement for each number up to this, and they are kept prepared."""

_LOOK_UP = """
SELECT 0, t.server_id, '', '', t.hash
  FROM json_each(?1) AS n JOIN server_token AS t ON t.hash = substr(?2, 32 * n.key + 1, 32)
UNION ALL
SELECT 1, s.server_id, s.id, s.type, NULL
  FROM json_each(?3) AS j JOIN stream AS s ON s.server_id = j.value ->> 0 AND s.id = j.value ->> 1
  WHERE s.archived_at IS NULL
UNION ALL
SELECT 2, s.server_id, s.stream, s.email, NULL
  FROM json_each(?4) AS j
  JOIN suppression AS s ON s.server_id = j.value ->> 0 AND s.stream = j.value ->> 1 AND s.email = j.value ->> 2
UNION ALL
SELECT 3, d.account_id, d.name, '1', NULL
  FROM json_each(?5) AS j JOIN domain AS d ON d.account_id = j.value ->> 0 AND d.name = j.value ->> 2
  WHERE d.verified_at IS NOT NULL
UNION ALL
SELECT 3, s.account_id, s.address, CASE WHEN s.confirmed_at IS NULL THEN '0' ELSE '1' END, NULL
  FROM json_each(?5) AS j JOIN sender AS s ON s.account_id = j.value ->> 0 AND s.address = j.value ->> 1
UNION ALL
SELECT 4, k.server_id, k.key, k.answers, k.payload_digest
  FROM json_each(?6) AS j JOIN idempotency AS k ON k.server_id = j.value ->> 0 AND k.key = j.value ->> 1
  WHERE k.at > ?7
"""
# Tokens are bytes, which JSON has none of: they stand one behind the other, 32 bytes each.

_MESSAGE = (
    "INSERT INTO message (id, server_id, stream, submitted_at, from_address, subject, tag, metadata, content) VALUES "
)
_RECIPIENT = "INSERT INTO recipient (message_id, server_id, stream, address, email, bucket, state, requested_type, due_at) VALUES "
_ANSWER = "INSERT INTO idempotency (server_id, key, payload_digest, answers, at) VALUES (?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM idempotency WHERE server_id = ? AND key = ?"
_VALUES = "(?, ?, ?, ?, ?, ?, ?, ?, ?)"

_encode = msgspec.json.Encoder().encode


@cache
def _insert(head: str, number: int) -> str:
    return head + ", ".join([_VALUES] * number)


class SqliteStatements:
    """See :class:`carom.server.store.intake.Statements`."""

    def look_up(self, asked: Questions) -> Statement:
        """Ask everything at once."""
        return _LOOK_UP, (
            _json(asked.tokens and range(len(asked.tokens))),
            b"".join(asked.tokens),
            _json(asked.streams),
            _json(asked.addresses),
            _json(asked.senders),
            _json(asked.keys),
            asked.since,
        )

    def store(self, rows: Rows) -> Iterator[Statement]:
        """Write everything."""
        yield from _write(_MESSAGE, [(row[0].bytes, *row[1:]) for row in rows.messages])
        yield from _write(_RECIPIENT, [(row[0].bytes, *row[1:]) for row in rows.recipients])
        for row in rows.answers:
            yield _FORGET, row[:2]
            yield _ANSWER, row


def _json(values: Any) -> str:
    return _encode(list(values)).decode() if values else "[]"


def _write(head: str, rows: list[tuple[Any, ...]]) -> Iterable[Statement]:
    for start in range(0, len(rows), MOST):
        some = rows[start : start + MOST]
        yield _insert(head, len(some)), [value for row in some for value in row]

"""The hot path's statements for PostgreSQL: one question and one write a group, each a single trip."""

from collections.abc import Iterator

from carom.server.store.intake import KEPT, Questions, Rows, Statement, columns

_LOOK_UP = """
SELECT 0, server_id, '', '', hash FROM server_token WHERE hash = ANY($1::bytea[])
UNION ALL
SELECT 1, s.server_id, s.id, s.type, NULL::bytea
  FROM unnest($2::bigint[], $3::text[]) AS j (server_id, id) JOIN stream AS s USING (server_id, id)
  WHERE s.archived_at IS NULL
UNION ALL
SELECT 2, s.server_id, s.stream, s.email, NULL
  FROM unnest($4::bigint[], $5::text[], $6::text[]) AS j (server_id, stream, email)
  JOIN suppression AS s USING (server_id, stream, email)
UNION ALL
SELECT 3, d.account_id, d.name, '1', NULL
  FROM unnest($7::bigint[], $9::text[]) AS j (account_id, name) JOIN domain AS d USING (account_id, name)
  WHERE d.verified_at IS NOT NULL
UNION ALL
SELECT 3, s.account_id, s.address, CASE WHEN s.confirmed_at IS NULL THEN '0' ELSE '1' END, NULL
  FROM unnest($7::bigint[], $8::text[]) AS j (account_id, address) JOIN sender AS s USING (account_id, address)
UNION ALL
SELECT 4, k.server_id, k.key, k.answers, k.payload_digest
  FROM unnest($10::bigint[], $11::text[]) AS j (server_id, key) JOIN idempotency AS k USING (server_id, key)
  WHERE k.at > $12
"""

_STORE = """
WITH stored AS (
  INSERT INTO message (id, server_id, stream, submitted_at, from_address, subject, tag, metadata, content)
  SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
                       $9::bytea[])
)
INSERT INTO recipient (message_id, server_id, stream, address, email, bucket, state, requested_type, due_at)
SELECT * FROM unnest($10::uuid[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::smallint[],
                     $17::integer[], $18::bigint[])
"""
_FORGET = "DELETE FROM idempotency WHERE server_id = $1 AND key = $2 AND at <= $3"
_ANSWER = "INSERT INTO idempotency (server_id, key, payload_digest, answers, at) VALUES ($1, $2, $3, $4, $5)"

_KEPT_MICROSECONDS = int(KEPT.total_seconds() * 1_000_000)


class PostgresStatements:
    """See :class:`carom.server.store.intake.Statements`."""

    def look_up(self, asked: Questions) -> Statement:
        """Ask everything at once."""
        return _LOOK_UP, (
            asked.tokens,
            *columns(asked.streams, 2),
            *columns(asked.addresses, 3),
            *columns(asked.senders, 3),
            *columns(asked.keys, 2),
            asked.since,
        )

    def store(self, rows: Rows) -> Iterator[Statement]:
        """Write everything. An answer comes first: the key that another node is just writing makes it wait and fail."""
        for row in rows.answers:
            yield _FORGET, (*row[:2], row[4] - _KEPT_MICROSECONDS)
            yield _ANSWER, row
        if rows.messages:
            yield _STORE, (*columns(rows.messages, 9), *columns(rows.recipients, 9))

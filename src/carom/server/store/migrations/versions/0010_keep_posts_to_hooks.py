"""Keep what is posted to hooks, and the attempts."""

import sqlalchemy as sa
from alembic import op

from carom.server.store import types
from carom.server.store.migrate import start_ids

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Keep what is posted to hooks, and the attempts."""
    op.create_table(
        "post",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("event_id", types.MessageId(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("message_id", types.MessageId(), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sqlite_autoincrement=True,
    )
    _index_where_there_is_one("ix_post_due", "post", ["endpoint", "due_at"], "due_at")
    _index_where_there_is_one("ix_post_message", "post", ["message_id"], "message_id")
    _index_where_there_is_one("ix_post_digest", "post", ["digest"], "digest")
    op.create_index("ix_post_list", "post", ["created_at", "id"], unique=False)
    op.create_index("ix_post_email", "post", ["server_id", "email"], unique=False)
    op.create_table(
        "post_attempt",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("post_id", types.BigId, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("message_id", types.MessageId(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_attempt")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_post_attempt_post", "post_attempt", ["post_id", "id"], unique=False)
    op.create_index("ix_post_attempt_endpoint", "post_attempt", ["server_id", "endpoint", "at"], unique=False)
    _index_where_there_is_one("ix_post_attempt_message", "post_attempt", ["message_id"], "message_id")
    start_ids(op.get_bind(), ["post", "post_attempt"])


def _index_where_there_is_one(name: str, table: str, columns: list[str], column: str) -> None:
    there = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, table, columns, unique=False, sqlite_where=there, postgresql_where=there)

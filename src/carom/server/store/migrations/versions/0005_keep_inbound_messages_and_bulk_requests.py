"""Keep inbound messages and bulk requests, and whether webhooks are verified."""

import sqlalchemy as sa
from alembic import op

from carom.server.store import types
from carom.server.store.migrate import start_ids

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Keep inbound messages and bulk requests, and whether webhooks are verified."""
    op.create_table(
        "inbound_message",
        sa.Column("id", types.MessageId(), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("blocked_reason", sa.Text(), nullable=False),
        sa.Column("from_email", sa.Text(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("mailbox_hash", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_message")),
    )
    op.create_index(
        "ix_inbound_message_list", "inbound_message", ["server_id", "status", "received_at", "id"], unique=False
    )
    op.create_table(
        "bulk",
        sa.Column("id", types.MessageId(), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("released", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk")),
    )
    op.create_index("ix_bulk_list", "bulk", ["server_id", "submitted_at", "id"], unique=False)
    op.create_table(
        "bulk_chunk",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("bulk_id", types.MessageId(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk.id"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_chunk")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bulk_chunk_server_id", "bulk_chunk", ["server_id"], unique=False)
    op.add_column("webhook", sa.Column("status", sa.Text(), server_default="unverified", nullable=False))
    start_ids(op.get_bind(), ["bulk_chunk"])

"""Keep inbound messages."""

import sqlalchemy as sa
from alembic import op

from carom.server.store import types

revision = "0005"
down_revision = "0003"


def upgrade() -> None:
    """Keep inbound messages."""
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

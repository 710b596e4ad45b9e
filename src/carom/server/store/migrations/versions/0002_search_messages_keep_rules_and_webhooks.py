"""Index the lists of messages; keep inbound rules and webhooks."""

import sqlalchemy as sa
from alembic import op

from carom.server.store import types
from carom.server.store.migrate import start_ids

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Index the lists of messages; keep inbound rules and webhooks."""
    op.create_table(
        "inbound_rule",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_rule")),
        sa.UniqueConstraint("server_id", "folded", name=op.f("uq_inbound_rule_server_id_folded")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "webhook",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("auth_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("triggers", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("webhook", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_stream", ["server_id", "stream"], unique=False)

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_list", ["server_id", "stream", "submitted_at", "id"], unique=False)

    with op.batch_alter_table("recipient", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.Text(), server_default="", nullable=False))
        batch_op.create_index("ix_recipient_email", ["server_id", "email", "message_id"], unique=False)

    op.execute("UPDATE recipient SET email = lower(address)")
    start_ids(op.get_bind(), ["inbound_rule", "webhook"])

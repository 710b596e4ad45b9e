"""Keep the first answers to requests with an Idempotency-Key."""

import sqlalchemy as sa
from alembic import op

from carom.server.store import types

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Keep the first answers to requests with an Idempotency-Key."""
    op.create_table(
        "idempotency",
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload_digest", sa.LargeBinary(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "key", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index("ix_idempotency_at", ["at"], unique=False)

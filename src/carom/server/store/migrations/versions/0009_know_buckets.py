"""Know what is said of buckets: paused, resting, limited."""

import sqlalchemy as sa
from alembic import op

from carom.server.store import types

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Know what is said of buckets."""
    op.create_table(
        "bucket",
        sa.Column("server_id", types.BigId, autoincrement=False, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("rests_until", sa.BigInteger(), nullable=True),
        sa.Column("rests", sa.Integer(), server_default="0", nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("server_id", "domain", name=op.f("pk_bucket")),
    )

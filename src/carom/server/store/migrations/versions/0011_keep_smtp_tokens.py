"""Keep SMTP tokens."""

import sqlalchemy as sa
from alembic import op

from carom.server.store import types

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Keep SMTP tokens."""
    op.create_table(
        "smtp_token",
        sa.Column("access_key", sa.Text(), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"]),
        sa.PrimaryKeyConstraint("access_key", name=op.f("pk_smtp_token")),
        sa.UniqueConstraint("server_id", "stream", name=op.f("uq_smtp_token_server_id_stream")),
    )

"""Keep templates."""

import sqlalchemy as sa
from alembic import op

from carom.server.store import types
from carom.server.store.migrate import start_ids

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Keep templates."""
    op.create_table(
        "template",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("html_body", sa.Text(), nullable=True),
        sa.Column("text_body", sa.Text(), nullable=True),
        sa.Column("layout_id", types.BigId, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["server_id"],
            ["server.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("template", schema=None) as batch_op:
        batch_op.create_index(
            "ix_template_alias",
            ["server_id", "alias"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index("ix_template_layout", ["server_id", "layout_id"], unique=False)
    start_ids(op.get_bind(), ["template"])

"""Keep the keys with which the service signs; find a domain by its return path."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Keep the keys with which the service signs; find a domain by its return path."""
    op.create_table(
        "service_key",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("selector", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("private_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_service_key")),
    )
    with op.batch_alter_table("domain", schema=None) as batch_op:
        batch_op.create_index(
            "ix_domain_return_path",
            ["return_path_domain"],
            unique=False,
            sqlite_where=sa.text("return_path_verified_at IS NOT NULL"),
            postgresql_where=sa.text("return_path_verified_at IS NOT NULL"),
        )

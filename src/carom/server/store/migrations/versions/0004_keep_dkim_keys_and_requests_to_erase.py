"""Keep DKIM keys and requests to erase."""

import sqlalchemy as sa
from alembic import op

from carom.server.store import types
from carom.server.store.migrate import start_ids

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Keep DKIM keys and requests to erase."""
    op.create_table(
        "data_removal",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("account_id", types.BigId, nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_for", sa.Text(), nullable=False),
        sa.Column("notify", sa.Boolean(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_removal")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "domain_key",
        sa.Column("domain_id", types.BigId, nullable=False),
        sa.Column("selector", sa.Text(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("private_cipher", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_id"],
            ["domain.id"],
        ),
        sa.PrimaryKeyConstraint("domain_id", "selector", name=op.f("pk_domain_key")),
        sa.UniqueConstraint("domain_id", "state", name=op.f("uq_domain_key_domain_id_state")),
    )
    with op.batch_alter_table("domain", schema=None) as batch_op:
        batch_op.add_column(sa.Column("spf_verified", sa.Boolean(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("return_path_domain", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("return_path_verified_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("tracking_domain", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("tracking_verified_at", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("sender", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("reply_to", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("note", sa.Text(), server_default="", nullable=False))

    op.execute("UPDATE sender SET email = address")
    start_ids(op.get_bind(), ["data_removal"])

"""Make the first tables."""

import sqlalchemy as sa
from alembic import op

from carom.server.store import types
from carom.server.store.migrate import start_ids

revision = "0001"
down_revision = None

NUMBERED = ["account", "server", "sender", "domain", "recipient", "event", "bounce", "received", "captured", "job"]


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "account",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "body",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_body")),
    )
    op.create_table(
        "bounce",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("message_id", types.MessageId(), nullable=False),
        sa.Column("recipient_id", types.BigId, nullable=True),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("from_address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("bounced_at", sa.BigInteger(), nullable=False),
        sa.Column("dump", sa.LargeBinary(), nullable=True),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("matched", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounce")),
        sa.UniqueConstraint("recipient_id", "type", "proven", name=op.f("uq_bounce_recipient_id_type_proven")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("bounce", schema=None) as batch_op:
        batch_op.create_index("ix_bounce_email", ["server_id", "email"], unique=False)
        batch_op.create_index("ix_bounce_list", ["server_id", "bounced_at", "id"], unique=False)
        batch_op.create_index("ix_bounce_message", ["message_id"], unique=False)
        batch_op.create_index("ix_bounce_type", ["server_id", "type", "bounced_at"], unique=False)

    op.create_table(
        "captured",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("mail_from", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captured")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "event",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("message_id", types.MessageId(), nullable=False),
        sa.Column("recipient_id", types.BigId, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_message", ["message_id", "id"], unique=False)

    op.create_table(
        "job",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            "ix_job_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.create_table(
        "message",
        sa.Column("id", types.MessageId(), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("from_address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("metadata", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_table(
        "received",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("mail_from", sa.Text(), nullable=False),
        sa.Column("rcpt_to", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "suppression",
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("bounce_id", types.BigId, nullable=True),
        sa.PrimaryKeyConstraint("server_id", "stream", "email", name=op.f("pk_suppression")),
    )
    op.create_table(
        "domain",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("account_id", types.BigId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_domain_account_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "recipient",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("message_id", types.MessageId(), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("requested_type", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("recipient", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recipient_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_recipient_message_id"), ["message_id"], unique=False)

    op.create_table(
        "sender",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("account_id", types.BigId, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender")),
        sa.UniqueConstraint("account_id", "address", name=op.f("uq_sender_account_id_address")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "server",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("account_id", types.BigId, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("delivery_type", sa.Text(), nullable=False),
        sa.Column("inbound_hash", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_server_account_id_name")),
        sa.UniqueConstraint("inbound_hash", name=op.f("uq_server_inbound_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "server_token",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("cipher", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"],
            ["server.id"],
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_server_token")),
    )
    with op.batch_alter_table("server_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_server_token_server_id"), ["server_id"], unique=False)

    op.create_table(
        "stream",
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("unsubscribe_handling", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["server_id"],
            ["server.id"],
        ),
        sa.PrimaryKeyConstraint("server_id", "id", name=op.f("pk_stream")),
    )
    start_ids(op.get_bind(), NUMBERED)

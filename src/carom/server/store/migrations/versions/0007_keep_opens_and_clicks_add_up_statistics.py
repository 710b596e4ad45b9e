"""Keep opens and clicks, add up statistics."""

import sqlalchemy as sa
from alembic import op

from carom.server.store import types
from carom.server.store.migrate import start_ids

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Keep opens and clicks, add up statistics."""
    op.create_table(
        "click",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("message_id", types.MessageId(), nullable=False),
        sa.Column("recipient_id", types.BigId, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("client_name", sa.Text(), nullable=False),
        sa.Column("client_company", sa.Text(), nullable=False),
        sa.Column("client_family", sa.Text(), nullable=False),
        sa.Column("os_name", sa.Text(), nullable=False),
        sa.Column("os_company", sa.Text(), nullable=False),
        sa.Column("os_family", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("country_iso_code", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("region_iso_code", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("zip", sa.Text(), nullable=True),
        sa.Column("coords", sa.Text(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("link_digest", sa.LargeBinary(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_click")),
        sa.UniqueConstraint("recipient_id", "link_digest", name=op.f("uq_click_recipient_id_link_digest")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("click", schema=None) as batch_op:
        batch_op.create_index("ix_click_email", ["server_id", "stream", "email", "at", "id"], unique=False)
        batch_op.create_index("ix_click_list", ["server_id", "stream", "at", "id"], unique=False)
        batch_op.create_index("ix_click_message", ["message_id"], unique=False)

    op.create_table(
        "open",
        sa.Column("id", types.BigId, sa.Identity(always=False, start=1000), nullable=False),
        sa.Column("server_id", types.BigId, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("message_id", types.MessageId(), nullable=False),
        sa.Column("recipient_id", types.BigId, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("client_name", sa.Text(), nullable=False),
        sa.Column("client_company", sa.Text(), nullable=False),
        sa.Column("client_family", sa.Text(), nullable=False),
        sa.Column("os_name", sa.Text(), nullable=False),
        sa.Column("os_company", sa.Text(), nullable=False),
        sa.Column("os_family", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("country_iso_code", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("region_iso_code", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("zip", sa.Text(), nullable=True),
        sa.Column("coords", sa.Text(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("read_seconds", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open")),
        sa.UniqueConstraint("recipient_id", name=op.f("uq_open_recipient_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("open", schema=None) as batch_op:
        batch_op.create_index("ix_open_email", ["server_id", "stream", "email", "at", "id"], unique=False)
        batch_op.create_index("ix_open_list", ["server_id", "stream", "at", "id"], unique=False)
        batch_op.create_index("ix_open_message", ["message_id"], unique=False)

    op.create_table(
        "stat",
        sa.Column("server_id", types.BigId, autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kept", types.BigId, nullable=False),
        sa.Column("past", types.BigId, nullable=False),
        sa.PrimaryKeyConstraint("server_id", "kind", "tag", "day", "stream", "key", name=op.f("pk_stat")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stat_mark",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stat_mark")),
    )
    with op.batch_alter_table("bounce", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bounce_list"))
        batch_op.create_index("ix_bounce_list", ["server_id", "bounced_at", "id", "email"], unique=False)
        batch_op.drop_index(batch_op.f("ix_bounce_type"))
        batch_op.create_index("ix_bounce_type", ["server_id", "type", "bounced_at", "id"], unique=False)
        batch_op.create_index(
            "ix_bounce_dump",
            ["dump"],
            unique=False,
            sqlite_where=sa.text("dump IS NOT NULL"),
            postgresql_where=sa.text("dump IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_bounce_dumped",
            ["bounced_at"],
            unique=False,
            sqlite_where=sa.text("dump IS NOT NULL"),
            postgresql_where=sa.text("dump IS NOT NULL"),
        )
        batch_op.create_index("ix_bounce_stream", ["server_id", "stream", "bounced_at", "id"], unique=False)
        batch_op.create_index(
            "ix_bounce_tag",
            ["server_id", "tag", "bounced_at", "id"],
            unique=False,
            sqlite_where=sa.text("tag IS NOT NULL"),
            postgresql_where=sa.text("tag IS NOT NULL"),
        )

    with op.batch_alter_table("captured", schema=None) as batch_op:
        batch_op.create_index("ix_captured_at", ["at"], unique=False)
        batch_op.create_index("ix_captured_digest", ["digest"], unique=False)

    with op.batch_alter_table("inbound_message", schema=None) as batch_op:
        batch_op.create_index("ix_inbound_message_at", ["received_at"], unique=False)
        batch_op.create_index(
            "ix_inbound_message_digest",
            ["digest"],
            unique=False,
            sqlite_where=sa.text("digest IS NOT NULL"),
            postgresql_where=sa.text("digest IS NOT NULL"),
        )

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_message_tag",
            ["server_id", "stream", "tag", "submitted_at", "id"],
            unique=False,
            sqlite_where=sa.text("tag IS NOT NULL"),
            postgresql_where=sa.text("tag IS NOT NULL"),
        )

    with op.batch_alter_table("received", schema=None) as batch_op:
        batch_op.create_index("ix_received_at", ["at"], unique=False)
        batch_op.create_index("ix_received_digest", ["digest"], unique=False)

    with op.batch_alter_table("recipient", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tracks_opens", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("tracked_links", sa.Integer(), nullable=True))

    # Nothing was added up yet: the first time counts what there is.
    op.execute("INSERT INTO stat_mark (id, until) VALUES (1, 0)")
    start_ids(op.get_bind(), ["open", "click"])

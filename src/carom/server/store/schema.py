"""The tables: the one place where columns are named.

``server_id`` leads the keys of what belongs to a server, save where a mail that comes back names only a message or a
recipient. An accept writes one row of ``message`` and one of ``recipient`` for each address; the latter is its own entry
in the queue.
"""

from typing import Any

import sqlalchemy as sa

from carom.server.rules.dkim import KeyState
from carom.server.rules.lifecycle import Event, State
from carom.server.rules.posts import PostState
from carom.server.rules.stats import Kind
from carom.server.store.types import BigId, Code, Json, MessageId, Utc

FIRST_ID = 1000
"""Where identity columns start. Clients use 0 and 1 as ids that do not exist."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> sa.Column[int]:
    return sa.Column("id", BigId, sa.Identity(always=False, start=FIRST_ID), primary_key=True)


def _column(name: str, kind: Any, *rest: Any, **options: Any) -> sa.Column[Any]:
    """Return a column that is never null: null is the exception here, and says so."""
    settings: dict[str, Any] = {"nullable": False, **options}
    return sa.Column(name, kind, *rest, **settings)


def _queue() -> tuple[sa.Column[Any], ...]:
    """Return the columns that make a row an entry in a queue.

    ``due_at`` is null when there is nothing to do. A claim moves it to the end of the lease, counts the attempt, and
    raises ``fence``; whoever comes with an older fence is refused. So an expired lease is simply due again.
    """
    return (
        sa.Column("due_at", Utc),
        _column("attempts", sa.Integer, default=0, server_default="0"),
        _column("fence", sa.Integer, default=0, server_default="0"),
        sa.Column("lease_owner", sa.Text),
    )


account = sa.Table(
    "account",
    metadata,
    _id(),
    _column("name", sa.Text),
    _column("token_hash", sa.LargeBinary, unique=True),
    _column("token_cipher", sa.LargeBinary),
    _column("created_at", Utc),
    sqlite_autoincrement=True,
)

server = sa.Table(
    "server",
    metadata,
    _id(),
    _column("account_id", BigId, sa.ForeignKey("account.id")),
    _column("name", sa.Text),
    _column("delivery_type", sa.Text),
    _column("inbound_hash", sa.Text, unique=True),
    _column("settings", Json),
    _column("created_at", Utc),
    # In lower case, and null for none: the settings hold it as it was given. Each received mail asks for it.
    sa.Column("inbound_domain", sa.Text),
    sa.UniqueConstraint("account_id", "name"),
    sa.Index("ix_server_inbound_domain", "inbound_domain", unique=True),
    sqlite_autoincrement=True,
)

server_token = sa.Table(
    "server_token",
    metadata,
    _column("hash", sa.LargeBinary, primary_key=True),
    _column("server_id", BigId, sa.ForeignKey("server.id"), index=True),
    _column("cipher", sa.LargeBinary),
    _column("created_at", Utc),
)

smtp_token = sa.Table(
    "smtp_token",
    metadata,
    _column("access_key", sa.Text, primary_key=True),
    _column("server_id", BigId, sa.ForeignKey("server.id")),
    _column("stream", sa.Text),
    _column("secret_hash", sa.LargeBinary),
    _column("created_at", Utc),
    sa.UniqueConstraint("server_id", "stream"),
)

stream = sa.Table(
    "stream",
    metadata,
    _column("server_id", BigId, sa.ForeignKey("server.id"), primary_key=True),
    _column("id", sa.Text, primary_key=True),
    _column("name", sa.Text),
    sa.Column("description", sa.Text),
    _column("type", sa.Text),
    _column("unsubscribe_handling", sa.Text),
    _column("created_at", Utc),
    sa.Column("updated_at", Utc),
    sa.Column("archived_at", Utc),
)

sender = sa.Table(
    "sender",
    metadata,
    _id(),
    _column("account_id", BigId, sa.ForeignKey("account.id")),
    _column("address", sa.Text),
    _column("name", sa.Text),
    _column("created_at", Utc),
    sa.Column("confirmed_at", Utc),
    _column("email", sa.Text, server_default=""),
    _column("reply_to", sa.Text, server_default=""),
    _column("note", sa.Text, server_default=""),
    sa.UniqueConstraint("account_id", "address"),
    sqlite_autoincrement=True,
)

domain = sa.Table(
    "domain",
    metadata,
    _id(),
    _column("account_id", BigId, sa.ForeignKey("account.id")),
    _column("name", sa.Text),
    _column("created_at", Utc),
    sa.Column("verified_at", Utc),
    _column("spf_verified", sa.Boolean, server_default="0"),
    _column("return_path_domain", sa.Text, server_default=""),
    sa.Column("return_path_verified_at", Utc),
    _column("tracking_domain", sa.Text, server_default=""),
    sa.Column("tracking_verified_at", Utc),
    sa.UniqueConstraint("account_id", "name"),
    # What comes to a return path names nothing else.
    sa.Index("ix_domain_return_path", "return_path_domain",
             sqlite_where=sa.text("return_path_verified_at IS NOT NULL"),
             postgresql_where=sa.text("return_path_verified_at IS NOT NULL")),
    sqlite_autoincrement=True,
)  # fmt: skip

domain_key = sa.Table(
    "domain_key",
    metadata,
    _column("domain_id", BigId, sa.ForeignKey("domain.id"), primary_key=True),
    _column("selector", sa.Text, primary_key=True),
    _column("state", Code(KeyState)),
    _column("since", Utc),
    _column("public", sa.Text),
    _column("private_cipher", sa.LargeBinary),
    sa.UniqueConstraint("domain_id", "state"),
)

service_key = sa.Table(
    "service_key",
    metadata,
    _column("domain", sa.Text, primary_key=True),
    _column("selector", sa.Text),
    _column("public", sa.Text),
    _column("private_cipher", sa.LargeBinary),
    _column("created_at", Utc),
)

data_removal = sa.Table(
    "data_removal",
    metadata,
    _id(),
    _column("account_id", BigId, sa.ForeignKey("account.id")),
    _column("requested_by", sa.Text),
    _column("requested_for", sa.Text),
    _column("notify", sa.Boolean),
    _column("requested_at", Utc),
    sa.Column("done_at", Utc),
    sqlite_autoincrement=True,
)

template = sa.Table(
    "template",
    metadata,
    _id(),
    _column("server_id", BigId, sa.ForeignKey("server.id")),
    _column("name", sa.Text),
    _column("alias", sa.Text),
    _column("type", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("html_body", sa.Text),
    sa.Column("text_body", sa.Text),
    sa.Column("layout_id", BigId),
    _column("created_at", Utc),
    _column("updated_at", Utc),
    sa.Column("deleted_at", Utc),
    # The alias of a deleted template is free again.
    sa.Index("ix_template_alias", "server_id", "alias", unique=True, sqlite_where=sa.text("deleted_at IS NULL"),
             postgresql_where=sa.text("deleted_at IS NULL")),
    sa.Index("ix_template_layout", "server_id", "layout_id"),
    sqlite_autoincrement=True,
)  # fmt: skip

message = sa.Table(
    "message",
    metadata,
    _column("id", MessageId, primary_key=True),
    _column("server_id", BigId),
    _column("stream", sa.Text),
    _column("submitted_at", Utc),
    _column("from_address", sa.Text),
    _column("subject", sa.Text),
    sa.Column("tag", sa.Text),
    sa.Column("metadata", Json),
    _column("content", sa.LargeBinary),
    sa.Index("ix_message_list", "server_id", "stream", "submitted_at", "id"),
    sa.Index("ix_message_tag", "server_id", "stream", "tag", "submitted_at", "id",
             sqlite_where=sa.text("tag IS NOT NULL"), postgresql_where=sa.text("tag IS NOT NULL")),
)  # fmt: skip

recipient = sa.Table(
    "recipient",
    metadata,
    _id(),
    _column("message_id", MessageId, sa.ForeignKey("message.id"), index=True),
    _column("server_id", BigId),
    _column("stream", sa.Text),
    _column("address", sa.Text),
    _column("bucket", sa.Text),
    _column("state", Code(State)),
    sa.Column("requested_type", sa.Integer),
    *_queue(),
    _column("email", sa.Text, server_default=""),
    sa.Column("tracks_opens", sa.Boolean),
    sa.Column("tracked_links", sa.Integer),
    sa.Index("ix_recipient_email", "server_id", "email", "message_id"),
    sa.Index("ix_recipient_due", "due_at", sqlite_where=sa.text("due_at IS NOT NULL"),
             postgresql_where=sa.text("due_at IS NOT NULL")),
    sqlite_autoincrement=True,
)  # fmt: skip

bucket = sa.Table(
    "bucket",
    metadata,
    _column("server_id", BigId, primary_key=True, autoincrement=False),
    _column("domain", sa.Text, primary_key=True),
    sa.Column("paused_at", Utc),
    sa.Column("rests_until", Utc),
    _column("rests", sa.Integer, server_default="0"),
    sa.Column("said", sa.Text),
    sa.Column("most", sa.Integer),
    sa.Column("per_minute", sa.Integer),
)
"""What is said of the mail of a server, or of every server (0), to a destination. Most buckets have no row."""

event = sa.Table(
    "event",
    metadata,
    _id(),
    _column("server_id", BigId),
    _column("message_id", MessageId),
    _column("recipient_id", BigId),
    _column("kind", Code(Event)),
    _column("at", Utc),
    _column("details", Json),
    sa.Index("ix_event_message", "message_id", "id"),
    sqlite_autoincrement=True,
)

bounce = sa.Table(
    "bounce",
    metadata,
    _id(),
    _column("server_id", BigId),
    _column("stream", sa.Text),
    _column("message_id", MessageId),
    sa.Column("recipient_id", BigId),
    _column("type", sa.Integer),
    _column("email", sa.Text),
    _column("from_address", sa.Text),
    _column("subject", sa.Text),
    sa.Column("tag", sa.Text),
    _column("details", sa.Text),
    _column("bounced_at", Utc),
    sa.Column("dump", sa.LargeBinary),
    _column("proven", sa.Boolean),
    _column("verdict", sa.Integer),
    _column("rule", sa.Text),
    _column("matched", sa.Text),
    sa.Column("status", sa.Text),
    sa.UniqueConstraint("recipient_id", "type", "proven"),
    # With the address, so that a search for a part of one reads nothing but the index.
    sa.Index("ix_bounce_list", "server_id", "bounced_at", "id", "email"),
    sa.Index("ix_bounce_type", "server_id", "type", "bounced_at", "id"),
    sa.Index("ix_bounce_stream", "server_id", "stream", "bounced_at", "id"),
    sa.Index("ix_bounce_tag", "server_id", "tag", "bounced_at", "id", sqlite_where=sa.text("tag IS NOT NULL"),
             postgresql_where=sa.text("tag IS NOT NULL")),
    sa.Index("ix_bounce_dump", "dump", sqlite_where=sa.text("dump IS NOT NULL"),
             postgresql_where=sa.text("dump IS NOT NULL")),
    sa.Index("ix_bounce_dumped", "bounced_at", sqlite_where=sa.text("dump IS NOT NULL"),
             postgresql_where=sa.text("dump IS NOT NULL")),
    sa.Index("ix_bounce_email", "server_id", "email"),
    sa.Index("ix_bounce_message", "message_id"),
    sqlite_autoincrement=True,
)  # fmt: skip


def _visit() -> tuple[sa.Column[Any], ...]:
    """Return the columns of what a reader does with a mail: which mail, when, and what is known about the reader."""
    known = ("client_name", "client_company", "client_family", "os_name", "os_company", "os_family")
    place = ("country_iso_code", "country", "region_iso_code", "region", "city", "zip", "coords", "ip")
    return (
        _id(),
        _column("server_id", BigId),
        _column("stream", sa.Text),
        _column("message_id", MessageId),
        _column("recipient_id", BigId),
        _column("recipient", sa.Text),
        _column("email", sa.Text),
        sa.Column("tag", sa.Text),
        _column("at", Utc),
        _column("user_agent", sa.Text),
        *(_column(name, sa.Text) for name in known),
        _column("platform", sa.Text),
        *(sa.Column(name, sa.Text) for name in place),
    )


opened = sa.Table(
    "open",
    metadata,
    *_visit(),
    sa.Column("read_seconds", sa.Integer),
    sa.UniqueConstraint("recipient_id"),
    sa.Index("ix_open_list", "server_id", "stream", "at", "id"),
    sa.Index("ix_open_email", "server_id", "stream", "email", "at", "id"),
    sa.Index("ix_open_message", "message_id"),
    sqlite_autoincrement=True,
)

clicked = sa.Table(
    "click",
    metadata,
    *_visit(),
    _column("link", sa.Text),
    # A link may be longer than an index takes.
    _column("link_digest", sa.LargeBinary),
    _column("location", sa.Text),
    sa.UniqueConstraint("recipient_id", "link_digest"),
    sa.Index("ix_click_list", "server_id", "stream", "at", "id"),
    sa.Index("ix_click_email", "server_id", "stream", "email", "at", "id"),
    sa.Index("ix_click_message", "message_id"),
    sqlite_autoincrement=True,
)

stat = sa.Table(
    "stat",
    metadata,
    _column("server_id", BigId, primary_key=True, autoincrement=False),
    _column("kind", Code(Kind), primary_key=True, autoincrement=False),
    # Empty for all mail: what has a tag is counted twice.
    _column("tag", sa.Text, primary_key=True),
    _column("day", sa.Integer, primary_key=True, autoincrement=False),
    _column("stream", sa.Text, primary_key=True),
    _column("key", sa.Text, primary_key=True),
    # What rows still tell, and what none does any more; together what happened.
    _column("kept", sa.BigInteger),
    _column("past", sa.BigInteger),
    sqlite_with_rowid=False,
)

stat_mark = sa.Table(
    "stat_mark",
    metadata,
    _column("id", sa.Integer, primary_key=True, autoincrement=False),
    # Messages accepted before this are in stat; later ones are counted where they lie.
    _column("until", Utc),
)

suppression = sa.Table(
    "suppression",
    metadata,
    _column("server_id", BigId, primary_key=True),
    _column("stream", sa.Text, primary_key=True),
    _column("email", sa.Text, primary_key=True),
    _column("reason", sa.Text),
    _column("origin", sa.Text),
    _column("created_at", Utc),
    sa.Column("bounce_id", BigId),
)

inbound_rule = sa.Table(
    "inbound_rule",
    metadata,
    _id(),
    _column("server_id", BigId),
    _column("rule", sa.Text),
    _column("folded", sa.Text),
    sa.UniqueConstraint("server_id", "folded"),
    sqlite_autoincrement=True,
)

webhook = sa.Table(
    "webhook",
    metadata,
    _id(),
    _column("server_id", BigId),
    _column("stream", sa.Text),
    _column("url", sa.Text),
    sa.Column("auth_cipher", sa.LargeBinary),
    _column("headers", Json),
    _column("triggers", Json),
    _column("created_at", Utc),
    _column("status", sa.Text, server_default="unverified"),
    sa.Index("ix_webhook_stream", "server_id", "stream"),
    sqlite_autoincrement=True,
)

post = sa.Table(
    "post",
    metadata,
    _id(),
    _column("server_id", BigId),
    # Whose it is: the id of a webhook, or SERVER/Field for a hook of a server's settings (rules/posts.py).
    _column("endpoint", sa.Text),
    # One for all posts of an event, and for all their attempts.
    _column("event_id", MessageId),
    _column("type", sa.Text),
    _column("created_at", Utc),
    sa.Column("message_id", MessageId),
    _column("email", sa.Text),
    _column("payload", sa.Text),
    # The raw mail that belongs into the payload.
    sa.Column("digest", sa.LargeBinary),
    _column("state", Code(PostState)),
    *_queue(),
    # Which endpoints have something to be posted is read by jumping from one to the next in it.
    sa.Index("ix_post_due", "endpoint", "due_at", sqlite_where=sa.text("due_at IS NOT NULL"),
             postgresql_where=sa.text("due_at IS NOT NULL")),
    sa.Index("ix_post_list", "created_at", "id"),
    sa.Index("ix_post_email", "server_id", "email"),
    sa.Index("ix_post_message", "message_id", sqlite_where=sa.text("message_id IS NOT NULL"),
             postgresql_where=sa.text("message_id IS NOT NULL")),
    sa.Index("ix_post_digest", "digest", sqlite_where=sa.text("digest IS NOT NULL"),
             postgresql_where=sa.text("digest IS NOT NULL")),
    sqlite_autoincrement=True,
)  # fmt: skip

post_attempt = sa.Table(
    "post_attempt",
    metadata,
    _id(),
    _column("server_id", BigId),
    _column("post_id", BigId),
    _column("endpoint", sa.Text),
    sa.Column("message_id", MessageId),
    _column("at", Utc),
    _column("url", sa.Text),
    _column("headers", Json),
    sa.Column("status", sa.Integer),
    _column("milliseconds", sa.Integer),
    _column("answer", sa.LargeBinary),
    _column("error", sa.Text),
    sa.Index("ix_post_attempt_post", "post_id", "id"),
    sa.Index("ix_post_attempt_endpoint", "server_id", "endpoint", "at"),
    sa.Index("ix_post_attempt_message", "message_id", sqlite_where=sa.text("message_id IS NOT NULL"),
             postgresql_where=sa.text("message_id IS NOT NULL")),
    sqlite_autoincrement=True,
)  # fmt: skip

body = sa.Table(
    "body",
    metadata,
    _column("digest", sa.LargeBinary, primary_key=True),
    _column("size", sa.Integer),
    _column("content", sa.LargeBinary),
    _column("stored_at", Utc),
)

received = sa.Table(
    "received",
    metadata,
    _id(),
    _column("at", Utc),
    _column("mail_from", sa.Text),
    _column("rcpt_to", sa.Text),
    _column("digest", sa.LargeBinary),
    sa.Column("outcome", sa.Text),
    sa.Index("ix_received_at", "at"),
    sa.Index("ix_received_digest", "digest"),
    sqlite_autoincrement=True,
)

inbound_message = sa.Table(
    "inbound_message",
    metadata,
    _column("id", MessageId, primary_key=True),
    _column("server_id", BigId),
    _column("received_at", Utc),
    _column("status", sa.Text),
    _column("blocked_reason", sa.Text),
    _column("from_email", sa.Text),
    _column("recipients", Json),
    _column("subject", sa.Text),
    _column("mailbox_hash", sa.Text),
    _column("tag", sa.Text),
    _column("summary", Json),
    _column("content", sa.LargeBinary),
    sa.Column("digest", sa.LargeBinary),
    sa.Index("ix_inbound_message_list", "server_id", "status", "received_at", "id"),
    sa.Index("ix_inbound_message_at", "received_at"),
    sa.Index("ix_inbound_message_digest", "digest", sqlite_where=sa.text("digest IS NOT NULL"),
             postgresql_where=sa.text("digest IS NOT NULL")),
)  # fmt: skip

bulk = sa.Table(
    "bulk",
    metadata,
    _column("id", MessageId, primary_key=True),
    _column("server_id", BigId),
    _column("submitted_at", Utc),
    sa.Column("subject", sa.Text),
    _column("total", sa.Integer),
    _column("released", sa.Integer),
    _column("failed", sa.Integer),
    _column("content", sa.LargeBinary),
    sa.Index("ix_bulk_list", "server_id", "submitted_at", "id"),
)

bulk_chunk = sa.Table(
    "bulk_chunk",
    metadata,
    _id(),
    _column("server_id", BigId, index=True),
    _column("bulk_id", MessageId, sa.ForeignKey("bulk.id")),
    _column("content", sa.LargeBinary),
    # Its messages are counted as failed, since it was tried in vain; it is kept so that somebody can try it again.
    _column("given_up", sa.Boolean, server_default="0"),
    sqlite_autoincrement=True,
)

captured = sa.Table(
    "captured",
    metadata,
    _id(),
    _column("at", Utc),
    _column("mail_from", sa.Text),
    _column("recipient", sa.Text),
    _column("digest", sa.LargeBinary),
    sa.Index("ix_captured_at", "at"),
    sa.Index("ix_captured_digest", "digest"),
    sqlite_autoincrement=True,
)

job = sa.Table(
    "job",
    metadata,
    _id(),
    _column("kind", sa.Text),
    _column("payload", Json),
    sa.Column("last_error", sa.Text),
    *_queue(),
    sa.Index("ix_job_due", "due_at", sqlite_where=sa.text("due_at IS NOT NULL"),
             postgresql_where=sa.text("due_at IS NOT NULL")),
    sqlite_autoincrement=True,
)  # fmt: skip

node = sa.Table(
    "node",
    metadata,
    _column("id", sa.Text, primary_key=True),
    _column("seen_at", sa.BigInteger),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    _column("server_id", BigId, primary_key=True),
    _column("key", sa.Text, primary_key=True),
    _column("payload_digest", sa.LargeBinary),
    _column("answers", sa.Text),
    _column("at", Utc),
    sa.Index("ix_idempotency_at", "at"),
)

"""Find servers by their inbound domains; know the chunks of bulk requests that were given up."""

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_server = sa.table("server", sa.column("id"), sa.column("settings"), sa.column("inbound_domain"))


def upgrade() -> None:
    """Find servers by their inbound domains; know the chunks of bulk requests that were given up."""
    op.add_column("bulk_chunk", sa.Column("given_up", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("server", sa.Column("inbound_domain", sa.Text(), nullable=True))
    _fill(op.get_bind())
    with op.batch_alter_table("server", schema=None) as batch_op:
        batch_op.create_index("ix_server_inbound_domain", ["inbound_domain"], unique=True)


def _fill(connection: sa.Connection) -> None:
    """Read the domains out of the settings. Should two servers have one, the older keeps its mail, as it did."""
    taken: set[str] = set()
    rows = connection.execute(sa.select(_server.c.id, _server.c.settings).order_by(_server.c.id)).all()
    for server_id, settings in rows:
        domain = msgspec.json.decode(settings).get("inbound_domain", "").lower()
        if domain and domain not in taken:
            taken.add(domain)
            connection.execute(sa.update(_server).where(_server.c.id == server_id).values(inbound_domain=domain))

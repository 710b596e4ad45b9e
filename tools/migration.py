"""Write the next migration from what schema.py has and the migrations lack: ``tools/migration.py "what it does"``.

Read what it wrote before committing it: a renamed column looks like one dropped and one added, and new numbered tables
need ``start_ids``.
"""

import sys
import tempfile
from pathlib import Path

from alembic.command import revision
from alembic.script import ScriptDirectory

from carom.server.store.migrate import alembic_config, upgrade
from carom.server.store.sqlite import sqlite_engine

config = alembic_config()
number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
with tempfile.TemporaryDirectory() as folder, sqlite_engine(Path(folder) / "db").connect() as connection:
    upgrade(connection)
    config.attributes["connection"] = connection
    revision(config, sys.argv[1], autogenerate=True, rev_id=f"{number:04}")

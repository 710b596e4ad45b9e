"""The carom command. Commands are named here and imported when they are called."""

import sys


def main() -> None:
    """Run the carom command."""
    try:
        from carom.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in {"cyclopts", "rich"}:
            raise
        print(
            "The carom command needs its extra: pip install 'carom[cli]' (or 'carom[server]' to serve)", file=sys.stderr
        )
        sys.exit(1)
    app.meta()

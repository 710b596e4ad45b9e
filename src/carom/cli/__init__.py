"""The carom command. A command's module is imported when the command is called, so that the start stays light."""


def main() -> None:
    """Run the command line; without the extra ``cli`` say what to install."""
    try:
        import cyclopts
    except ModuleNotFoundError:
        raise SystemExit("carom: the command line needs its extra: pip install 'carom[cli]'") from None
    app = cyclopts.App(name="carom", help="What happens to mail after you press send.")
    app.command("carom.cli.parse:parse")
    app()

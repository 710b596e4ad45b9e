"""The passwords of relays, which no setting holds."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from carom.server.outbound.route import Login, Route
from carom.server.relays import PASSWORD, BadRelay, Relay


def routes_to(relays: Iterable[Relay], passwords: Path | None, environment: Mapping[str, str]) -> tuple[Route, ...]:
    """Return the routes, with the passwords from a file of lines ``USER@HOST:PORT PASSWORD`` or the environment. Raises BadRelay
    where one is missing."""
    known = _read_passwords(passwords) if passwords is not None else {}
    routes: list[Route] = []
    for relay in relays:
        login = None
        if relay.user is not None:
            password = known.get(relay.at) or environment.get(PASSWORD)
            if not password:
                raise BadRelay(
                    f"no password for {relay.at}: set {PASSWORD}, or give it in a file with --relay-passwords"
                )
            login = Login(relay.user, password)
        routes.append(Route(relay.host, relay.port, relay.tls, login))
    return tuple(routes)


def _read_passwords(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRelay(f"--relay-passwords {path} cannot be read: {error}") from error
    found = (line.strip().partition(" ") for line in lines if line.strip() and not line.startswith("#"))
    return {name: password.strip() for name, _, password in found}

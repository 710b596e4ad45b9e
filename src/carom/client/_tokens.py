"""Where a token comes from when none is given."""

import os

TOKEN_VARIABLES = {
    "server": ("POSTMARK_API_TOKEN", "POSTMARK_SERVER_TOKEN"),
    "account": ("POSTMARK_ACCOUNT_TOKEN",),
}

configured: str | None = None
"""The server token of :func:`carom.configure`."""


def token_from_environment(kind: str) -> str | None:
    """Return the configured token, else that of the environment; None if there is neither."""
    named = [configured] if kind == "server" else []
    found = [*named, *(os.environ.get(name) for name in TOKEN_VARIABLES[kind])]
    return next((token.strip() for token in found if token and token.strip()), None)

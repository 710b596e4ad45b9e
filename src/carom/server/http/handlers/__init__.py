"""What answers each endpoint, one file a resource. Importing this package registers them all."""

from carom.server.http.handlers import (
    bounces,
    email,
    messages,
    server,
    stats,
    streams,
    suppressions,
    templated,
    templates,
    triggers,
    visits,
    webhooks,
)

__all__ = [
    "bounces",
    "email",
    "messages",
    "server",
    "stats",
    "streams",
    "suppressions",
    "templated",
    "templates",
    "triggers",
    "visits",
    "webhooks",
]

"""What answers each endpoint, one file a resource. Importing this package registers them all."""

from carom.server.http.handlers import (
    bounces,
    bulk,
    email,
    inbound,
    messages,
    server,
    stats,
    streams,
    suppressions,
    templated,
    templates,
    triggers,
    webhooks,
)

__all__ = [
    "bounces",
    "bulk",
    "email",
    "inbound",
    "messages",
    "server",
    "stats",
    "streams",
    "suppressions",
    "templated",
    "templates",
    "triggers",
    "webhooks",
]

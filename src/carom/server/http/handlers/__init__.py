"""What answers each endpoint, one file a resource. Importing this package registers them all."""

from carom.server.http.handlers import (
    bounces,
    email,
    inbound,
    messages,
    server,
    servers,
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
    "inbound",
    "messages",
    "server",
    "servers",
    "stats",
    "streams",
    "suppressions",
    "templated",
    "templates",
    "triggers",
    "visits",
    "webhooks",
]

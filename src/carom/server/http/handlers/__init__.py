"""What answers each endpoint, one file a resource. Importing this package registers them all."""

from carom.server.http.handlers import (
    bounces,
    bulk,
    domains,
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
    "bulk",
    "domains",
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

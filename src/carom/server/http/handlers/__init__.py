"""What answers each endpoint, one file a resource. Importing this package registers them all."""

from carom.server.http.handlers import (
    bounces,
    domains,
    email,
    inbound,
    messages,
    senders,
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
    "domains",
    "email",
    "inbound",
    "messages",
    "senders",
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

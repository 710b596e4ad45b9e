"""Every call that there is: the router, the contract tests and the documentation walk this table."""

from typing import Any

from carom.wire import (
    bounces,
    bulk,
    data_removals,
    domains,
    email,
    messages,
    senders,
    server,
    servers,
    stats,
    streams,
    suppressions,
    templates,
    triggers,
    webhooks,
)
from carom.wire.endpoint import Endpoint

ENDPOINTS: dict[str, Endpoint[Any, Any]] = {
    name: value
    for module in (
        email,
        bulk,
        bounces,
        templates,
        streams,
        messages,
        suppressions,
        webhooks,
        triggers,
        stats,
        server,
        servers,
        domains,
        senders,
        data_removals,
    )
    for name, value in vars(module).items()
    if isinstance(value, Endpoint)
}

_SERVED = {
    "SEND_EMAIL",
    "SEND_BATCH",
    "GET_DELIVERY_STATS",
    "GET_BOUNCES",
    "GET_BOUNCE",
    "DUMP_BOUNCE",
    "ACTIVATE_BOUNCE",
    "GET_SERVER",
    "SEND_WITH_TEMPLATE",
    "SEND_BATCH_WITH_TEMPLATES",
    "GET_TEMPLATES",
    "CREATE_TEMPLATE",
    "VALIDATE_TEMPLATE",
    "GET_TEMPLATE",
    "UPDATE_TEMPLATE",
    "DELETE_TEMPLATE",
}

NOT_SERVED_YET: frozenset[str] = frozenset(ENDPOINTS) - _SERVED
"""The names of endpoints that the client knows and the server does not answer so far."""

SERVED = [endpoint for name, endpoint in ENDPOINTS.items() if name not in NOT_SERVED_YET]

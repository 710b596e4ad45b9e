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

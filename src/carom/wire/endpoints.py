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
    "SEND_BULK",
    "GET_BULK",
    "GET_BULKS",
    "GET_DELIVERY_STATS",
    "GET_BOUNCES",
    "GET_BOUNCE_TAGS",
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
    "UPDATE_SERVER",
    "GET_MESSAGE_STREAMS",
    "CREATE_MESSAGE_STREAM",
    "GET_MESSAGE_STREAM",
    "UPDATE_MESSAGE_STREAM",
    "ARCHIVE_MESSAGE_STREAM",
    "UNARCHIVE_MESSAGE_STREAM",
    "DUMP_SUPPRESSIONS",
    "CREATE_SUPPRESSIONS",
    "DELETE_SUPPRESSIONS",
    "GET_OUTBOUND_MESSAGES",
    "GET_OUTBOUND_MESSAGE",
    "DUMP_OUTBOUND_MESSAGE",
    "GET_INBOUND_MESSAGES",
    "GET_INBOUND_MESSAGE",
    "DUMP_INBOUND_MESSAGE",
    "BYPASS_INBOUND_MESSAGE",
    "RETRY_INBOUND_MESSAGE",
    "GET_INBOUND_RULES",
    "CREATE_INBOUND_RULE",
    "GET_INBOUND_RULE",
    "DELETE_INBOUND_RULE",
    "GET_TAG_TRIGGERS",
    "CREATE_TAG_TRIGGER",
    "GET_TAG_TRIGGER",
    "UPDATE_TAG_TRIGGER",
    "DELETE_TAG_TRIGGER",
    "GET_STATS_TOTALS",
    "GET_SENDS",
    "GET_BOUNCE_COUNTS",
    "GET_SPAM_COUNTS",
    "GET_TRACKED_COUNTS",
    "GET_OPEN_COUNTS",
    "GET_OPEN_PLATFORMS",
    "GET_OPEN_EMAILCLIENTS",
    "GET_OPEN_READTIMES",
    "GET_CLICK_COUNTS",
    "GET_CLICK_BROWSERFAMILIES",
    "GET_CLICK_PLATFORMS",
    "GET_CLICK_LOCATIONS",
    "GET_WEBHOOKS",
    "CREATE_WEBHOOK",
    "GET_WEBHOOK",
    "UPDATE_WEBHOOK",
    "DELETE_WEBHOOK",
}

NOT_SERVED_YET: frozenset[str] = frozenset(ENDPOINTS) - _SERVED
"""The names of endpoints that the client knows and the server does not answer so far."""

SERVED = [endpoint for name, endpoint in ENDPOINTS.items() if name not in NOT_SERVED_YET]

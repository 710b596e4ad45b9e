"""For each endpoint, a call that succeeds, one file a resource. Importing this package registers them all."""

from tests.contract.recipes import (
    bounces,
    domains,
    inbound,
    messages,
    removals,
    senders,
    sending,
    servers,
    stats,
    streams,
    templates,
    webhooks,
)
from tests.contract.recipes.request import RECIPES, Recipe, Request

__all__ = [
    "NO_SUCCESS",
    "RECIPES",
    "Recipe",
    "Request",
    "bounces",
    "domains",
    "inbound",
    "messages",
    "removals",
    "senders",
    "sending",
    "servers",
    "stats",
    "streams",
    "templates",
    "webhooks",
]

NO_SUCCESS = dict.fromkeys(
    ("CREATE_TAG_TRIGGER", "GET_TAG_TRIGGER", "UPDATE_TAG_TRIGGER", "DELETE_TAG_TRIGGER"),
    "tag triggers are retired: none can be made, so none can be shown, changed or removed",
)
"""Why an endpoint has no recipe."""

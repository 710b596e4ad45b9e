"""Every call that there is: the router, the contract tests and the documentation walk this table."""

from typing import Any

from carom.wire import bounces, email, server
from carom.wire.endpoint import Endpoint

ENDPOINTS: dict[str, Endpoint[Any, Any]] = {
    name: value
    for module in (email, bounces, server)
    for name, value in vars(module).items()
    if isinstance(value, Endpoint)
}

NOT_SERVED_YET: frozenset[str] = frozenset()
"""The names of endpoints that the client knows and the server does not answer so far."""

SERVED = [endpoint for name, endpoint in ENDPOINTS.items() if name not in NOT_SERVED_YET]

"""Several hosts that take the same mail, in order: the next is tried where one cannot be spoken to.

Only trouble before the mail goes to the next host. What a host says of sender, recipient or content would be said by the
next one too, and after the content the mail may have arrived.
"""

import time
from collections.abc import Callable, Sequence

from msgspec import structs

from carom.server.outbound.attempt import BEFORE_MAIL, Attempt
from carom.server.outbound.route import Route
from carom.server.outbound.session import Connections

REST_SECONDS = (10.0, 30.0, 60.0, 120.0, 300.0)
"""How long a host that cannot be spoken to is left alone while there are others, by how often in a row it could not be."""
PATIENCE_SECONDS = 600.0
"""After so long no further host is tried: the mail's lease must not end under it."""


class Failover:
    """Delivers by the first of some routes that can be spoken to."""

    def __init__(self, connections: Connections, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the connections over. ``clock`` counts seconds."""
        self._connections = connections
        self._clock = clock
        self._failures: dict[Route, tuple[int, float]] = {}

    async def deliver(self, routes: Sequence[Route], mail_from: str, recipient: str, content: bytes) -> Attempt:
        """Try once to hand over a mail, host after host. The transcript tells of all that were tried. Raises ValueError for an
        address that cannot stand in a command."""
        begun, said = self._clock(), ""
        first, *others = self._awake(routes, begun)
        attempt = await self._try(first, mail_from, recipient, content)
        for route in others:
            if attempt.phase not in BEFORE_MAIL or self._clock() - begun > PATIENCE_SECONDS:
                break
            said += attempt.transcript
            attempt = await self._try(route, mail_from, recipient, content)
        return structs.replace(attempt, transcript=said + attempt.transcript) if said else attempt

    async def _try(self, route: Route, mail_from: str, recipient: str, content: bytes) -> Attempt:
        attempt = await self._connections.deliver(route, mail_from, recipient, content)
        if attempt.phase in BEFORE_MAIL:
            self._rest(route)
        else:
            self._failures.pop(route, None)
        return attempt

    def _awake(self, routes: Sequence[Route], now: float) -> Sequence[Route]:
        """Leave out the hosts that rest; when all do, take the one that has rested longest: something must be tried."""
        until = {route: self._failures.get(route, (0, 0.0))[1] for route in routes}
        return [route for route in routes if until[route] <= now] or [min(routes, key=until.__getitem__)]

    def _rest(self, route: Route) -> None:
        failures = self._failures.get(route, (0, 0.0))[0]
        rest = REST_SECONDS[min(failures, len(REST_SECONDS) - 1)]
        self._failures[route] = (failures + 1, self._clock() + rest)

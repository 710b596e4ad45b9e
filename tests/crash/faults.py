"""A store that goes away under load, while the server lives on."""

import time

from tests.crash.lives import Count, Lives, Says
from tests.peers.postgres import Postgres

BETWEEN = 50
"""How many mails are accepted between two faults."""
BACK_SECONDS = 60.0


def interrupted(lives: Lives, postgres: Postgres, times: int, says: Says) -> Count:
    """Restart PostgreSQL and terminate its back ends in turn, so many times each; then let all settle and count."""
    begun = time.monotonic()
    with lives.server() as server:
        server.allow("example.com")
        lives.load.up()
        with lives.load.running():
            for number in range(1, times + 1):
                for fault in (postgres.terminate_others, postgres.restart):
                    assert lives.load.wait_for(BETWEEN, BACK_SECONDS), f"no mail is accepted before {fault.__name__}"
                    fault()
                says(f"{number} of {times} restarts, {len(lives.load.accepted)} accepted")
            assert lives.load.wait_for(BETWEEN, BACK_SECONDS), "no mail is accepted after the last restart"
    faults = {"back ends terminated": times, "restarted": times}
    load = lives.load
    return Count(2 * times, faults, lives.settled(), load.unanswered, load.refused, time.monotonic() - begun)

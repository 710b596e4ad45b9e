"""Mails a second through the bounce engine, beside flufl.bounce (its email parser included) and the email parser alone.

The three take turns on the whole dev corpus, in CPU time of one core. What counts is the median of the rounds' ratios:
within a round the machine is the same for all. The last line holds them, of mails per second.
"""

import email
import json
import logging
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from carom.bounce import parse

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "dev"
ROUNDS = 31


def flufl() -> Callable[[bytes], object]:
    """Return flufl.bounce from bytes to addresses. It raises on some mails; those count as read."""
    from flufl.bounce import scan_message

    def read(raw: bytes) -> object:
        try:
            return scan_message(email.message_from_bytes(raw))
        except Exception as fault:  # noqa: BLE001 a peer's fault is not what is measured
            return fault

    return read


def seconds(read: Callable[[bytes], object], mails: list[bytes]) -> float:
    """Return the CPU time of one round."""
    begun = time.process_time()
    for raw in mails:
        read(raw)
    return time.process_time() - begun


def main() -> None:
    """Print a table and the ratios."""
    logging.disable()  # flufl.bounce logs each of its faults; that is not what is measured
    mails = [path.read_bytes() for path in sorted((CORPUS / "mails").iterdir())]
    if not mails:
        sys.exit(f"bench.parse: no mails in {CORPUS}")
    readers = {"carom.bounce": parse, "flufl.bounce": flufl(), "email (compat32)": email.message_from_bytes}
    rounds = [{name: seconds(read, mails) for name, read in readers.items()} for _ in range(ROUNDS)]
    print(f"{len(mails)} mails, {sum(map(len, mails)) / 1e6:.1f} MB, medians of {ROUNDS} rounds")
    for name in readers:
        spent = statistics.median(one[name] for one in rounds) / len(mails)
        print(f"{name:18}{1 / spent:10,.0f} mails/s{spent * 1e6:10,.0f} µs a mail")
    peers = {"vs_flufl": "flufl.bounce", "vs_compat32": "email (compat32)"}
    ratios = {key: statistics.median(one[peer] / one["carom.bounce"] for one in rounds) for key, peer in peers.items()}
    print(json.dumps({"suite": "parse", "ratios": {name: round(value, 2) for name, value in ratios.items()}}))


if __name__ == "__main__":
    main()

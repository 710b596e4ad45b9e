"""Count and offset, as every list of the API checks them."""

from msgspec import UnsetType

from carom.server.rules.refusals import Refusal

MAX_COUNT = 500
MAX_REACH = 10_000
"""count + offset at most: a page past it is an error, never cut."""


def shown_total(total: int, count: int) -> int:
    """Return the TotalCount of a page: nothing is counted for a page of none, as Postmark does it. To count alone, clients
    ask for one."""
    return total if count else 0


def check_page(count: int | UnsetType, offset: int | UnsetType, code: int) -> tuple[int, int]:
    """Return both; raise a Refusal with the list's own code when one is missing or out of bounds."""
    if isinstance(count, UnsetType) or isinstance(offset, UnsetType):
        missing = " and ".join(
            f"'{name}'" for name, value in (("count", count), ("offset", offset)) if isinstance(value, UnsetType)
        )
        raise Refusal(code, text=f"The query needs {missing}.")
    if not 0 <= count <= MAX_COUNT:
        raise Refusal(code, text=f"'count' is {count}; it must be 0 to {MAX_COUNT}.")
    if offset < 0:
        raise Refusal(code, text=f"'offset' is {offset}; it must not be negative.")
    if count + offset > MAX_REACH:
        raise Refusal(code, text=f"'count' and 'offset' add up to {count + offset}; {MAX_REACH:,} is the most.")
    return count, offset

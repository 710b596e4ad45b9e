"""carom bounces: the five calls of the bounce page."""

import sys
from typing import Annotated, Any

from cyclopts import Parameter

from carom.cli.client import AsJson, Token, Url, connect, print_json, print_table
from carom.taxonomy import BounceType
from carom.wire.bounces import Bounce

BounceId = Annotated[int, Parameter(help="The bounce's id, as the list shows it.")]


def stats_(*, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Count the inactive addresses, and the bounces of each type."""
    with connect(url, token) as client:
        stats = client.delivery_stats()
    if as_json:
        print_json(stats.to_dict())
        return
    print(f"inactive addresses: {stats.inactive_mails}")
    print_table(("type", "name", "count"), ((row.type or "", row.name, row.count) for row in stats.bounces))


def list_(
    *,
    count: Annotated[int, Parameter(help="How many, newest first; 500 at most.")] = 30,
    offset: Annotated[int, Parameter(help="How many to pass over.")] = 0,
    kind: Annotated[str | None, Parameter(name="--type", help=f"One of {', '.join(BounceType)}.")] = None,
    inactive: Annotated[
        bool | None, Parameter(help="Only bounces that deactivated their address, or only others.")
    ] = None,
    email: Annotated[str | None, Parameter(help="Any part of the address.")] = None,
    tag: Annotated[str | None, Parameter(help="The tag of the message.")] = None,
    message_id: Annotated[str | None, Parameter(help="The id of the message.")] = None,
    stream: Annotated[str | None, Parameter(help="The message stream.")] = None,
    from_date: Annotated[str | None, Parameter(help="The first day or time, US Eastern.")] = None,
    to_date: Annotated[str | None, Parameter(help="The last day or time, US Eastern.")] = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List bounces, newest first: what bounced, of which type, and what the remote said."""
    filters: dict[str, Any] = {
        "type": kind,
        "inactive": inactive,
        "email_filter": email,
        "tag": tag,
        "message_id": message_id,
        "message_stream": stream,
        "fromdate": from_date,
        "todate": to_date,
    }
    with connect(url, token) as client:
        page = client.get_bounces(count=count, offset=offset, **filters)
    if as_json:
        print_json({"total_count": page.total_count, "bounces": [bounce.to_dict() for bounce in page]})
        return
    rows = ((b.id, b.email, b.type, "inactive" if b.inactive else "active", when(b), b.details) for b in page)
    print_table(("id", "email", "type", "address", "bounced at", "details"), rows)
    print(f"{len(page)} of {page.total_count}")


def show_(bounce_id: BounceId, /, *, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Show one bounce: why the mail came back, and whether the address is inactive."""
    with connect(url, token) as client:
        bounce = client.get_bounce(bounce_id)
    _print_bounce(bounce, as_json)


def dump_(bounce_id: BounceId, /, *, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Print the raw mail of a bounce."""
    with connect(url, token) as client:
        dump = client.dump_bounce(bounce_id)
    if as_json:
        print_json(dump.to_dict())
    elif dump.body:
        sys.stdout.write(dump.body.replace("\r\n", "\n"))
    else:
        print("the raw mail of this bounce is not kept", file=sys.stderr)


def activate_(bounce_id: BounceId, /, *, url: Url = None, token: Token = None, as_json: AsJson = False) -> None:
    """Reactivate the address of a bounce: mail to it is accepted again at once."""
    with connect(url, token) as client:
        bounce = client.activate_bounce(bounce_id)
    _print_bounce(bounce, as_json)


def when(bounce: Bounce) -> str:
    """Return the time of a bounce for people."""
    return f"{bounce.bounced_at:%Y-%m-%d %H:%M:%S %Z}"


def _print_bounce(bounce: Bounce, as_json: bool) -> None:
    values = bounce.to_dict()
    if as_json:
        print_json(values)
        return
    values.pop("content", None)
    print_table(("", ""), ((name, value) for name, value in values.items() if value is not None))

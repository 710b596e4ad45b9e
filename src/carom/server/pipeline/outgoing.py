"""A message as one recipient gets it: the composed mail, with the marks of tracking and the links to unsubscribe."""

from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct, structs

from carom.bounce.verp import proof
from carom.server import links
from carom.server.config import Settings
from carom.server.keyring import Keyring
from carom.server.pipeline.deps import Deps
from carom.server.rules import tracking, unsubscribing
from carom.server.rules.compose import COMPLAINTS, Facts, compose
from carom.server.store.deliveries import Delivery, Tracked
from carom.wire.email import SendEmail


class Outgoing(Struct, frozen=True):
    """A mail to hand over, and what in it is tracked; None where nothing is."""

    content: bytes
    tracked: Tracked | None


def source(delivery: Delivery, keyring: Keyring, settings: Settings) -> bytes:
    """Return a message as its sender wrote it: what the API shows, whose reader must not follow a recipient's links."""
    return compose(delivery.email, _facts(delivery, keyring, settings))


def outgoing(delivery: Delivery, deps: Deps) -> Outgoing:
    """Write the mail that goes out."""
    facts = _facts(delivery, deps.keyring, deps.settings)
    email, tracked = _marked(delivery, deps)
    handled = delivery.unsubscribe_handling == unsubscribing.BY_US
    if handled or unsubscribing.has_placeholder(email):
        subscriber = links.Subscriber(
            delivery.server_id, delivery.stream, delivery.address.lower(), delivery.recipient_id
        )
        url = links.link(deps.keyring, deps.public_url, subscriber)
        email = unsubscribing.put_link(email, url, footer=handled)
        facts = structs.replace(facts, list_unsubscribe=url if handled else "")
    return Outgoing(compose(email, facts), tracked)


def _facts(delivery: Delivery, keyring: Keyring, settings: Settings) -> Facts:
    return Facts(
        message_id=delivery.message_id,
        server_id=delivery.server_id,
        account_id=delivery.account_id,
        recipient=delivery.address,
        submitted_at=delivery.submitted_at,
        hostname=settings.hostname,
        complaints_to=f"{COMPLAINTS}@{settings.return_path}",
        proof=proof(delivery.recipient_id, keyring.return_path_keys, keyring.version),
    )


def _marked(delivery: Delivery, deps: Deps) -> tuple[SendEmail, Tracked | None]:
    wanted = delivery.wanted
    if not (wanted.opens or wanted.html or wanted.text):
        return delivery.email, None
    base = _base(deps.public_url, delivery.tracking_domain)
    number = delivery.recipient_id

    def pixel() -> str:
        return links.link(deps.keyring, base, links.Opened(number))

    def through(url: str, location: tracking.Location) -> str:
        return links.link(deps.keyring, base, links.Followed(number, location, url))

    marked = tracking.mark(delivery.email, wanted, pixel, through)
    return marked.email, Tracked(marked.opens, marked.links)


def _base(public_url: str, tracking_domain: str) -> str:
    """Return where tracked links begin: at the domain's own name for it, which is an alias of ours, if it has one."""
    if not tracking_domain:
        return public_url
    parts = urlsplit(public_url)
    netloc = tracking_domain if parts.port is None else f"{tracking_domain}:{parts.port}"
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))

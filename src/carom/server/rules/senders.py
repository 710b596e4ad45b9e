"""What may be a sender signature, and the mail that asks its address to confirm it.

https://postmarkapp.com/developer/api/signatures-api
"""

from datetime import timedelta

from msgspec import UNSET, structs

from carom.server.rules.domains import check_not_public
from carom.server.rules.headers import one_line
from carom.server.rules.refusals import Refusal
from carom.server.rules.servers import is_domain
from carom.wire.addresses import Address, BadAddress, check_address
from carom.wire.email import SendEmail

NO_SENDER = 501
MAX_NAME = 255
MAX_NOTE = 400
CONFIRM_PATH = "confirm"
"""Where the link of the mail leads, with the token after it."""
LINK_LASTS = timedelta(days=7)
"""How long the link of a mail confirms; whoever comes later asks for another."""
NEW_KEY = "New DKIM has been requested."

CONFIRM_SUBJECT = "Confirm your sender signature"
_CONFIRM = """Hello {name},

somebody would like to send mail from {address} with Carom.
{note}
If that is right, confirm it by opening this link within {days} days:

{link}

If it is not, do nothing: without the link nothing is sent from this address.
"""


def check_from(email: str) -> str:
    """Return the address of a signature. Raises Refusal."""
    if not email.strip():
        raise Refusal(520, field="FromEmail")
    address = _check_email(email, "FromEmail")
    check_not_public(domain_of(address))
    return address


def check_reply_to(email: str) -> str:
    """Return where replies go, empty for where the mail comes from. Raises Refusal."""
    return _check_email(email, "ReplyToEmail") if email else ""


def _check_email(email: str, field: str) -> str:
    refusal = Refusal(522, field=field, value=email, what="email address")
    try:
        address = check_address(email.strip(), field)
    except BadAddress as error:
        raise refusal from error
    if not is_domain(domain_of(address)):  # its DNS is to hold records, which are asked for in ASCII
        raise refusal
    return address


def signed(email: SendEmail, from_: Address, name: str, reply_to: str) -> SendEmail:
    """Return a message with the name and the ReplyTo of its signature where it has none of its own; ``from_`` is its From."""
    name = one_line(name)
    changes = {
        "from_": str(Address(name, from_.email)) if name and not from_.name else email.from_,
        "reply_to": email.reply_to or reply_to or UNSET,
    }
    return structs.replace(email, **changes)


def domain_of(address: str) -> str:
    """Return the domain of an address, in lower case."""
    return address.rpartition("@")[2].lower()


def check_name(name: str) -> str:
    """Return the name of a signature. Raises Refusal."""
    if not name.strip():
        raise Refusal(520, field="Name")
    return _check_text(name, "Name", MAX_NAME)


def check_note(note: str) -> str:
    """Return what is said beside the link. Raises Refusal."""
    return _check_text(note, "ConfirmationPersonalNote", MAX_NOTE)


def _check_text(text: str, field: str, limit: int) -> str:
    if len(text) > limit:
        raise Refusal(521, field=field, limit=limit)
    return text


def confirmation_text(*, name: str, address: str, note: str, link: str) -> str:
    """Write the mail that asks for a confirmation."""
    return _CONFIRM.format(
        name=name, address=address, note=f"\n{note}\n" if note else "", link=link, days=LINK_LASTS.days
    )

"""What an erased person leaves in a message that others got too, and what whoever asked is told.

https://postmarkapp.com/developer/api/data-removal-api
"""

from typing import TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from carom.wire.addresses import Address, parse_addresses
from carom.wire.bulk import BulkRecipient
from carom.wire.email import SendEmail
from carom.wire.messages import InboundDetails, Mailbox

PENDING = "Pending"
DONE = "Done"

SUBJECT = "Your data removal is done"
_TEXT = """Hello,

the data removal {number} that you asked for is done: what was kept about its recipient is erased.
Suppressions stay, so that the recipient gets no mail.
"""


def done_text(number: int) -> str:
    """Write what whoever asked for a removal is told."""
    return _TEXT.format(number=number)


Mail = TypeVar("Mail", SendEmail, BulkRecipient)


def names(email: SendEmail | BulkRecipient, address: str) -> bool:
    """Tell whether To, Cc or Bcc name a lower-case address."""
    fields = ((email.to, "To"), (email.cc, "Cc"), (email.bcc, "Bcc"))
    texts = ((text, name) for text, name in fields if isinstance(text, str) and address in text.lower())
    return any(one.email.lower() == address for text, name in texts for one in parse_addresses(text, name))


def without(email: Mail, address: str) -> Mail:
    """Return a message whose To, Cc and Bcc do not name an address. The rest stays: it is the other recipients' mail."""
    return replace(
        email,
        to=_less(email.to, address, "To"),
        cc=_less(email.cc, address, "Cc"),
        bcc=_less(email.bcc, address, "Bcc"),
    )


def without_received(message: InboundDetails, address: str) -> InboundDetails:
    """Return a received message whose To, Cc and Bcc do not name an address, nor any header."""
    to, cc = _others(message.to_full, address), _others(message.cc_full, address)
    bcc = _others(message.bcc_full or [], address)
    headers = [header for header in message.headers if address not in header.value.lower()]
    return replace(
        message,
        to_full=to,
        to=_written(to),
        cc_full=cc,
        cc=_written(cc),
        bcc_full=None if message.bcc_full is None else bcc,
        bcc=None if message.bcc is None else _written(bcc),
        reply_to="" if address in message.reply_to.lower() else message.reply_to,
        headers=headers,
    )


def _others(mailboxes: list[Mailbox], address: str) -> list[Mailbox]:
    return [one for one in mailboxes if one.email.lower() != address]


def _written(mailboxes: list[Mailbox]) -> str:
    return ", ".join(str(Address(one.name or "", one.email)) for one in mailboxes)


def _less(mailboxes: str | UnsetType, address: str, field: str) -> str | UnsetType:
    if isinstance(mailboxes, UnsetType):
        return UNSET
    kept = [one for one in parse_addresses(mailboxes, field) if one.email.lower() != address]
    return ", ".join(str(one) for one in kept)

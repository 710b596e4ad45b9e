"""Delivery status notifications (RFC 3464, RFC 6533), also those that break the standard: fields in any order and
case, blocks that run into each other, types and brackets left out, the part encoded or of another media type."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from carom.bounce.addresses import typed_address
from carom.bounce.codes import find_status

Fields = dict[str, str]

SUCCESS = frozenset({"delivered", "relayed", "expanded"})
KNOWN_ACTIONS = SUCCESS | {"failed", "delayed"}
_LINE = re.compile(r"^[ \t]*$|^([A-Za-z][\w-]*)[ \t]*:[ \t]*(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
_FOLD = re.compile(r"\s*\n[ \t]+")
_WORD = re.compile(r"[a-z]+")
_RECIPIENT_FIELDS = frozenset({"final-recipient", "original-recipient"})
_SAID_FIELDS = frozenset({"action", "status", "diagnostic-code", "remote-mta"})
_MESSAGE_FIELDS = frozenset({"reporting-mta", "original-envelope-id", "received-from-mta", "arrival-date"})
_TYPED = re.compile(r"^[\w-]{1,32}\s*;\s*")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f.:]+\]")


class Recipient(NamedTuple):
    """What a report says of one recipient, read field by field; nothing is decided here."""

    final: str | None
    original: str | None
    action: str
    status: str | None
    diagnostic: str
    remote_mta: str | None
    reporting_mta: str | None
    category: str = ""
    diagnostic_code: str = ""


class Status(NamedTuple):
    """A delivery status part: the fields of the message, and the recipients."""

    envelope_id: str | None
    message_id: str | None
    recipients: list[Recipient]


def read_status(text: str) -> Status:
    """Read the text of a delivery status part."""
    message, groups = _blocks(text)
    recipients = [_recipient(group, message) for group in groups]
    envelope_id = message.get("original-envelope-id")
    fields = {**(groups[0] if groups else {}), **message}
    message_id = fields.get("x-original-message-id") or fields.get("original-message-id")
    return Status(envelope_id, message_id, [one for one in recipients if one.final or one.original])


def _blocks(text: str) -> tuple[Fields, list[Fields]]:
    """Sort the fields into those of the message and one group a recipient. An empty line alone ends no group: mail
    whose line ends were doubled has one after each field. What is said of a recipient before it is named waits."""
    message: Fields = {}
    groups: list[Fields] = []
    waiting: Fields = {}
    blank = False
    for name, value in _fields(text):
        if not name:
            blank = True
            continue
        if name in _RECIPIENT_FIELDS and _begins(name, groups, blank=blank):
            groups.append(waiting)
            waiting = {}
        if name in _MESSAGE_FIELDS:
            home = message
        elif name in _SAID_FIELDS and (not groups or (name in groups[-1] and (blank or waiting))):
            home = waiting
        else:
            home = groups[-1] if groups else message
        home.setdefault(name, value)
        blank = False
    return message, groups


def _begins(name: str, groups: list[Fields], *, blank: bool) -> bool:
    return not groups or name in groups[-1] or (blank and "final-recipient" in groups[-1])


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for match in _LINE.finditer(text):
        name, value = match.groups("")
        yield name.lower(), _FOLD.sub(" ", value) if "\n" in value else value.rstrip()


def _recipient(group: Fields, message: Fields) -> Recipient:
    status = find_status(group.get("status", ""))
    reporting_mta = _host(message.get("reporting-mta", ""))
    said = group.get("final-recipient", "")
    final = typed_address(said, reporting_mta)
    original = typed_address(group.get("original-recipient", ""))
    return Recipient(
        final=original if original and final and (_is_local(final) or "@" not in said) else final,
        original=original,
        action=_action(group.get("action", ""), status),
        status=status,
        diagnostic=_TYPED.sub("", group.get("diagnostic-code", "")),
        remote_mta=_host(group.get("remote-mta", "")),
        reporting_mta=reporting_mta,
        category=group.get("x-powermta-bouncecategory", ""),
        diagnostic_code=group.get("diagnostic-code", ""),
    )


def _is_local(address: str) -> bool:
    """Tell whether an address is known only inside the remote system: its domain has no dot."""
    return "." not in address.rpartition("@")[2]


def _action(value: str, status: str | None) -> str:
    """Return the action in lower case, a comment cut. A status of class 2 is a success whatever else the action may
    be than failed or delayed; where there is no action the status tells."""
    match = _WORD.search(value.lower())
    word = match[0] if match else ""
    if word in KNOWN_ACTIONS:
        return word
    return "delivered" if status and status[0] == "2" else "failed"


def _host(value: str) -> str | None:
    match = _HOST.search(_TYPED.sub("", value))
    return match[0].strip("[]").rstrip(".") if match else None

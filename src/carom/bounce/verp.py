"""Return paths that prove themselves: ``b+<version><payload>@<domain>``, one for each recipient of a mail.

The payload is the lower-case base32 of the recipient's id (8 bytes, big-endian) and 12 bytes of
HMAC-SHA256(key, label + version + id). ``version`` is one base32 character that names the key, so keys can be
rotated while bounces are on their way. A header in the mail carries the same payload under another label, so that
neither can be used as the other. What is read may have changed case on its way (RFC 5321, 2.4, old relays).
"""

import hmac
from base64 import b32decode, b32encode
from binascii import Error
from collections.abc import Mapping
from typing import NamedTuple

PREFIX = "b+"
_ID_BYTES, _MAC_BYTES, _PAYLOAD_CHARS = 8, 12, 32
_RETURN_PATH, _HEADER = b"return-path", b"header"


class Proven(NamedTuple):
    """A token of ours: it names the recipient's row."""

    recipient_id: int


class Forged(NamedTuple):
    """A token in our form that no key of ours has made, or that was damaged."""

    token: str


def return_path(recipient_id: int, domain: str, keys: Mapping[str, bytes], version: str) -> str:
    """Return the envelope sender for one recipient. Raises KeyError for an unknown key version."""
    return f"{PREFIX}{_token(recipient_id, keys, version, _RETURN_PATH)}@{domain}"


def read_return_path(address: str, keys: Mapping[str, bytes]) -> Proven | Forged | None:
    """Read an envelope recipient; None if it is no return path at all. Angle brackets may stand around it."""
    local = address.strip().strip("<>").rpartition("@")[0].lower()
    return _read(local.removeprefix(PREFIX), keys, _RETURN_PATH) if local.startswith(PREFIX) else None


def proof(recipient_id: int, keys: Mapping[str, bytes], version: str) -> str:
    """Return the token for a header of the mail. Raises KeyError for an unknown key version."""
    return _token(recipient_id, keys, version, _HEADER)


def read_proof(text: str, keys: Mapping[str, bytes]) -> Proven | Forged | None:
    """Read the token of a header; None for an empty one."""
    token = text.strip().lower()
    return _read(token, keys, _HEADER) if token else None


def _token(recipient_id: int, keys: Mapping[str, bytes], version: str, label: bytes) -> str:
    number = recipient_id.to_bytes(_ID_BYTES, "big")
    return version + b32encode(number + _mac(number, keys[version], version, label)).decode().lower()


def _mac(number: bytes, key: bytes, version: str, label: bytes) -> bytes:
    return hmac.digest(key, label + version.encode() + number, "sha256")[:_MAC_BYTES]


def _read(token: str, keys: Mapping[str, bytes], label: bytes) -> Proven | Forged:
    version, payload = token[:1], token[1:]
    key = keys.get(version)
    if key is None or len(payload) != _PAYLOAD_CHARS:
        return Forged(token)
    try:
        told = b32decode(payload.encode("ascii"), casefold=True)
    except (Error, UnicodeEncodeError):
        return Forged(token)
    number, mac = told[:_ID_BYTES], told[_ID_BYTES:]
    if not hmac.compare_digest(mac, _mac(number, key, version, label)):
        return Forged(token)
    return Proven(int.from_bytes(number, "big"))


def address_in_verp(address: str) -> str | None:
    """Return the recipient that another sender's return path holds: ``bounces+123-user=domain@...``. The last ``=`` is
    its ``@``; what stands before the last ``+`` or the number behind it is the sender's own."""
    local = address.rpartition("@")[0]
    user, equals, domain = local.rpartition("=")
    if not equals or "." not in domain:
        return None
    user = user.rpartition("+")[2] if "+" in user else user
    number, dash, rest = user.partition("-")
    return f"{rest if dash and number.isalnum() and any(c.isdigit() for c in number) else user}@{domain}"

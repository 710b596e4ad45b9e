"""The installation's secret, and the keys made from it: they sign return paths and headers and encrypt tokens.

Two versions are valid at once, so that the secret can be changed without orphaning the bounces that are on their way.
"""

import hashlib
import hmac
import os
import re
import secrets
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from carom.server.config import BadSetting

VERSIONS = "abcdefghijklmnopqrstuvwxyz234567"
_SECRET = re.compile(rf"([{VERSIONS}]):([0-9a-f]{{64}})")

_CLAIM = re.compile(rf"[{VERSIONS}]([0-9]{{1,18}})-([0-9]{{1,18}})", re.ASCII)
"""What a confirmation is good for: the secret's version, the sender signature, and until when, in seconds since 1970."""

_MAKE_ONE = "make one with: python3 -c \"import secrets; print('a:' + secrets.token_hex(32))\""

_AT_ONCE = 256
_chances: deque[int] = deque()
"""Randomness fetched beforehand: a call of the system's each time would have the event loop give its turn away."""
_48_BITS = (1 << 48) - 1
_VERSION_AND_VARIANT = 0xF << 76 | 0b11 << 62


def token_hash(token: str) -> bytes:
    """Return what a token is looked up by: SHA-256 of it in lower case."""
    return hashlib.sha256(token.strip().lower().encode()).digest()


class SigningKey(NamedTuple):
    """A DKIM key, each half as base64 of its DER: PKCS#8 and SubjectPublicKeyInfo."""

    private: str
    public: str


DKIM_BITS = 2048


def new_signing_key() -> SigningKey:
    """Make a DKIM key. It takes a moment: call it on a thread."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=DKIM_BITS)
    return SigningKey(
        b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode(),
        b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode(),
    )


CONFIRMATION_MAC_BYTES = 16
MAX_LINK_TOKEN = 8192
_LINK_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_LINK_TOKEN}}}")
_NONCE_BYTES = 12


class _LinkKeys:
    """Seals what stands in links. The nonce is made from the payload, so that a mail that is written twice is the same
    mail; only equal payloads share one."""

    def __init__(self, key: bytes) -> None:
        self._nonce_key = hmac.digest(key, b"nonce", "sha256")
        self._cipher = AESGCM(hmac.digest(key, b"cipher", "sha256"))

    def seal(self, purpose: bytes, payload: bytes) -> bytes:
        nonce = hmac.digest(self._nonce_key, purpose + b"\0" + payload, "sha256")[:_NONCE_BYTES]
        return nonce + self._cipher.encrypt(nonce, payload, purpose)

    def open(self, purpose: bytes, octets: bytes) -> bytes | None:
        try:
            return self._cipher.decrypt(octets[:_NONCE_BYTES], octets[_NONCE_BYTES:], purpose)
        except (InvalidTag, ValueError):  # too short to hold a nonce
            return None


class Keyring:
    """Keys by version. ``version`` is the one that signs; all of them verify."""

    def __init__(self, secrets_by_version: Mapping[str, bytes], version: str) -> None:
        """Take secrets of 32 bytes over."""
        self.version = version
        self._secrets = dict(secrets_by_version)
        self.return_path_keys = {name: self._derive(secret, b"return path") for name, secret in self._secrets.items()}
        self._confirming = {
            name: self._derive(secret, b"sender confirmation") for name, secret in self._secrets.items()
        }
        self._links = {name: _LinkKeys(self._derive(secret, b"links")) for name, secret in self._secrets.items()}
        self._hooks = {name: self._derive(secret, b"hook signing") for name, secret in self._secrets.items()}
        self._sealing = {name: AESGCM(self._derive(secret, b"sealing")) for name, secret in self._secrets.items()}

    def __reduce__(self) -> tuple[type["Keyring"], tuple[dict[str, bytes], str]]:
        """Go to the process that writes: the keys are made there again."""
        return type(self), (self._secrets, self.version)

    @classmethod
    def read(cls, text: str) -> "Keyring":
        """Read ``VERSION:64 hex digits``, the signing one first, older ones after white space. Raises BadSetting."""
        found = [_SECRET.fullmatch(part) for part in text.split()]
        if not found or not all(found):
            raise BadSetting(
                "the installation secret must be VERSION:HEX with one letter or 2-7 and 64 hexadecimal digits "
                f"({_MAKE_ONE})"
            )
        pairs = [(match[1], bytes.fromhex(match[2])) for match in found if match]
        return cls(dict(pairs), pairs[0][0])

    @staticmethod
    def _derive(secret: bytes, purpose: bytes) -> bytes:
        return hmac.digest(secret, b"carom " + purpose, "sha256")

    def confirmation(self, sender_id: int, until: datetime) -> str:
        """Return the token that confirms a sender signature until a time, and nothing else."""
        claimed = f"{self.version}{sender_id}-{int(until.timestamp())}"
        return f"{claimed}.{self._confirmation_mac(claimed)}"

    def read_confirmation(self, token: str, now: datetime) -> int | None:
        """Return the sender signature that a token confirms, None for one that is not ours or whose time is over."""
        claimed, _, mac = token.partition(".")
        found = _CLAIM.fullmatch(claimed)
        if found is None or claimed[0] not in self._confirming:
            return None
        if not hmac.compare_digest(self._confirmation_mac(claimed).encode(), mac.encode()):
            return None
        return int(found[1]) if now.timestamp() <= int(found[2]) else None

    def _confirmation_mac(self, claimed: str) -> str:
        mac = hmac.digest(self._confirming[claimed[0]], claimed.encode(), "sha256")
        return mac[:CONFIRMATION_MAC_BYTES].hex()

    def link_token(self, purpose: bytes, payload: bytes) -> str:
        """Return a token for a link in a mail: the payload, which nobody else can read or change. The same payload gives
        the same token."""
        octets = self._links[self.version].seal(purpose, payload)
        return self.version + urlsafe_b64encode(octets).decode().rstrip("=")

    def read_link_token(self, purpose: bytes, token: str) -> bytes | None:
        """Return the payload of a token, None for one that is not ours, or is for something else, to the letter."""
        keys = self._links.get(token[:1])
        if keys is None or not _LINK_TOKEN.fullmatch(token):
            return None
        octets = urlsafe_b64decode(token[1:] + "=" * (-(len(token) - 1) % 4))
        if urlsafe_b64encode(octets).decode().rstrip("=") != token[1:]:
            return None  # bits that the last letter has to spare
        return keys.open(purpose, octets)

    def hook_secrets(self, endpoint: str) -> list[str]:
        """Return the secrets that sign what is posted to an endpoint: that of the version that signs, then older ones."""
        versions = sorted(self._hooks, key=lambda version: version != self.version)
        return [f"whsec_{hmac.digest(self._hooks[version], endpoint.encode(), 'sha256').hex()}" for version in versions]

    def seal(self, text: str) -> bytes:
        """Encrypt a text for the store."""
        nonce = os.urandom(12)
        return self.version.encode() + nonce + self._sealing[self.version].encrypt(nonce, text.encode(), None)

    def unseal(self, sealed: bytes) -> str:
        """Decrypt a text from the store. Raises BadSetting when this installation's secret is another one."""
        try:
            return self._sealing[sealed[:1].decode()].decrypt(sealed[1:13], sealed[13:], None).decode()
        except (KeyError, InvalidTag) as error:
            raise BadSetting(
                "the store was written under another installation secret; start with the secret that made it "
                "(CAROM_SECRET or the file 'secret' in the data folder)"
            ) from error


def load_keyring(data: Path | None) -> Keyring:
    """Return the keys of ``CAROM_SECRET``, else of ``DATA/secret``, which is made on the first start (mode 0600).

    Without a data folder only the environment will do: the nodes of one store share its secret. Raises BadSetting.
    """
    given = os.environ.get("CAROM_SECRET")
    if given:
        return Keyring.read(given)
    if data is None:
        raise BadSetting(
            "a PostgreSQL store needs the installation secret in the environment, the same on every node: "
            f"CAROM_SECRET=VERSION:HEX ({_MAKE_ONE})"
        )
    path = data / "secret"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"a:{secrets.token_hex(32)}\n")
            file.flush()
            os.fsync(file.fileno())
    return Keyring.read(path.read_text())


def new_message_id(now_ms: int) -> UUID:
    """Return a UUID of version 7 (RFC 9562): its order is the order of submission."""
    try:
        chance = _chances.popleft()
    except IndexError:
        octets = os.urandom(10 * _AT_ONCE)
        _chances.extend(int.from_bytes(octets[at : at + 10], "big") for at in range(0, len(octets), 10))
        chance = _chances.popleft()
    value = (now_ms & _48_BITS) << 80 | chance & ~_VERSION_AND_VARIANT | 0x7 << 76 | 0b10 << 62
    return UUID(int=value)

"""The installation's secret, and the keys made from it: they sign return paths and headers and encrypt tokens.

Two versions are valid at once, so that the secret can be changed without orphaning the bounces that are on their way.
"""

import hashlib
import hmac
import os
import re
import secrets
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
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
        self._hooks = {name: self._derive(secret, b"hook signing") for name, secret in self._secrets.items()}
        self._sealing = {name: AESGCM(self._derive(secret, b"sealing")) for name, secret in self._secrets.items()}

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

    def confirmation(self, sender_id: int) -> str:
        """Return the token that confirms a sender signature, and nothing else."""
        return f"{self.version}{sender_id}.{self._confirmation_mac(self.version, sender_id)}"

    def read_confirmation(self, token: str) -> int | None:
        """Return the sender signature that a token confirms, None for one that is not ours."""
        claimed, _, mac = token.partition(".")
        version, number = claimed[:1], claimed[1:]
        if version not in self._confirming or not (number.isascii() and number.isdigit() and len(number) < 19):
            return None
        expected = self._confirmation_mac(version, int(number))
        return int(number) if hmac.compare_digest(expected.encode(), mac.encode()) else None

    def _confirmation_mac(self, version: str, sender_id: int) -> str:
        mac = hmac.digest(self._confirming[version], str(sender_id).encode(), "sha256")
        return mac[:CONFIRMATION_MAC_BYTES].hex()

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

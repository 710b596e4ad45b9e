"""What mail goes out as: the domain of its return path, and the keys that sign it.

A domain of the account whose DKIM record is in DNS signs the mail from it; beside it the service signs what leaves the
process with a key of its own return-path domain, so that mail of a sender without a key is signed too.
"""

import asyncio
import contextlib
from base64 import b64decode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, cast

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key
from msgspec import Struct

from carom.server.apart import Apart, Outcome, settle
from carom.server.config import Settings
from carom.server.keyring import Keyring, new_signing_key
from carom.server.rules import signature
from carom.server.store import domains, service_keys
from carom.server.store.database import Database
from carom.server.store.domains import ActiveKey

KNOWN_FOR = timedelta(minutes=1)
"""How long a domain with a key is not asked for again. The key before stays in DNS for days, so nothing goes out that
cannot be checked; a domain without a key is asked for each time, so that its first mail after verification is signed."""
MOST_KNOWN = 10_000
ROUNDS = 2
"""How many threads sign."""
ROUND = 16
"""How many mails a thread is handed at once."""
GOOD_FOR = timedelta(days=7)
"""How long the service's own signature may be checked: longer than mail is on its way."""


class Signer(Struct, frozen=True):
    """A key, PKCS#8 in base64, with the name that DNS has of it."""

    domain: str
    selector: str
    private: str
    lasts: timedelta | None = None


class Identity(Struct, frozen=True):
    """What a mail goes out as."""

    return_path: str
    signers: tuple[Signer, ...]


class Identities:
    """The identities of senders. Functions that take a connection may be called on any thread."""

    def __init__(self, keyring: Keyring, settings: Settings, clock: Callable[[], datetime]) -> None:
        """Know nothing yet."""
        self._keyring, self._settings, self._clock = keyring, settings, clock
        self._known: dict[tuple[int, str], tuple[datetime, Identity]] = {}
        self._own: Signer | None = None

    async def prepare(self, database: Database) -> None:
        """Have a key of the service where mail leaves the process; the first node on a store makes it."""
        if self._settings.mode != "sandbox":
            self._own = _signer(await service_key(database, self._keyring, self._settings, self._clock()), GOOD_FOR)

    def of(self, connection: sa.Connection, account_id: int, sender_domain: str) -> Identity:
        """Return what mail from a domain of an account goes out as."""
        asked = account_id, sender_domain.lower()
        now = self._clock()
        known = self._known.get(asked)
        if known is not None and now - known[0] < KNOWN_FOR:
            return known[1]
        key = domains.active_key(connection, self._keyring, *asked)
        home = domains.verified_return_path(connection, *asked)
        own = () if self._own is None else (self._own,)
        identity = Identity(home or self._settings.return_path, own if key is None else (_signer(key), *own))
        if key is not None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[asked] = now, identity
        return identity


async def service_key(database: Database, keyring: Keyring, settings: Settings, now: datetime) -> ActiveKey:
    """Return the key of the service, made when there is none yet."""
    found = await database.read(service_keys.find, keyring, settings.return_path)
    if found is None:
        made = await asyncio.to_thread(new_signing_key)
        await database.write(service_keys.add, keyring, settings.return_path, made, now)
        found = await database.read(service_keys.find, keyring, settings.return_path)
        assert found is not None, "it was written a moment ago, by us or by another node"
    return found


class _Unsigned(NamedTuple):
    content: bytes
    signers: tuple[Signer, ...]
    at: datetime


class Signing:
    """Signs mails, in a process of its own or on threads: RSA takes a quarter of a millisecond, in which others may run.
    What comes in during a round is in the next one, since handing over a mail by itself costs as much again."""

    def __init__(self, apart: Apart | None = None) -> None:
        """Have nothing to sign. ``apart`` is the process that signs."""
        self._apart = apart
        self._waiting: list[tuple[_Unsigned, asyncio.Future[bytes]]] = []
        self._signing: set[asyncio.Task[None] | None] = set()

    async def signed(self, content: bytes, signers: tuple[Signer, ...], at: datetime) -> bytes:
        """Return a mail with a signature of each key."""
        if not signers:
            return content
        mail = _Unsigned(content, signers, at)
        if self._apart is not None:
            return cast("bytes", await self._apart.put(mail)) + content
        signed: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append((mail, signed))
        if len(self._signing) < ROUNDS:
            self._signing.add(asyncio.create_task(self._sign_rounds(), name="signing"))
        return await signed + content

    @staticmethod
    def process() -> Apart:
        """Fork a process that signs. See :class:`carom.server.apart.Apart`."""
        return Apart("signer", lambda: contextlib.nullcontext(sign_some), most=ROUND)

    async def _sign_rounds(self) -> None:
        await asyncio.sleep(0)  # what is due together with the first comes along
        while self._waiting:
            mails, self._waiting = self._waiting[:ROUND], self._waiting[ROUND:]
            outcomes = await asyncio.to_thread(sign_some, [mail for mail, _ in mails])
            for (_, signed), outcome in zip(mails, outcomes, strict=True):
                settle(signed, outcome)
        self._signing.discard(
            asyncio.current_task()
        )  # now: with a callback, what comes in before it would wait for ever


def sign_some(mails: Sequence[_Unsigned]) -> list[Outcome]:
    """Make the header fields that sign some mails."""
    outcomes: list[Outcome] = []
    for mail in mails:
        try:
            outcomes.append(Outcome(sign(*mail)))
        except Exception as error:  # noqa: BLE001  it is told to whom the mail is
            outcomes.append(Outcome(None, error))
    return outcomes


def sign(content: bytes, signers: tuple[Signer, ...], at: datetime) -> bytes:
    """Return the header fields that sign a mail, one of each key, made now and here."""
    mail = signature.read(content)
    headers = b""
    for signer in signers:
        lacking = signature.sign(mail, signer.domain, signer.selector, at, signer.lasts)
        headers += lacking.header(_key(signer.private).sign(lacking.signed, PKCS1v15(), SHA256()))
    return headers


@lru_cache(maxsize=MOST_KNOWN)
def _key(private: str) -> RSAPrivateKey:
    key = load_der_private_key(b64decode(private), password=None)
    assert isinstance(key, RSAPrivateKey), "the only kind that is made"
    return key


def _signer(key: ActiveKey, lasts: timedelta | None = None) -> Signer:
    return Signer(key.domain, key.selector, key.private, lasts)

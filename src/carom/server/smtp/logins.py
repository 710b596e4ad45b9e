"""Who may submit: the holder of a server token, which is both user and password, or of an SMTP token.

Every attempt costs the same: both look-ups are made and the comparison is made, also for a user that is not known and for
one that is locked out. https://postmarkapp.com/developer/user-guide/send-email-with-smtp
"""

import hmac

import sqlalchemy as sa
from msgspec import Struct

from carom.server.smtp.handler import Claim
from carom.server.smtp.lockout import Lockout
from carom.server.store import servers, smtp_tokens
from carom.server.store.database import Database
from carom.server.store.servers import Tenant

_NOBODY = bytes(32)


class Submitter(Struct, frozen=True):
    """Who has logged in. ``stream`` is the SMTP token's, None for a server token."""

    tenant: Tenant
    stream: str | None


class Logins:
    """Decides about log-ins."""

    def __init__(self, database: Database, lockout: Lockout | None = None) -> None:
        """Look tokens up in a database."""
        self._database = database
        self._lockout = lockout or Lockout()

    async def login(self, claim: Claim) -> Submitter | None:
        """Return who a client has proved to be, None if it has not or has failed too often."""
        locked = self._lockout.locked(claim.user, claim.address)
        found, guessed = await self._database.read(_find, claim)
        if guessed and not locked:
            self._lockout.failed(claim.user, claim.address)
        return None if locked else found


def _find(connection: sa.Connection, claim: Claim) -> tuple[Submitter | None, bool]:
    """Return who has logged in, if anybody has, and whether a password was guessed wrong."""
    by_token = _by_server_token(connection, claim)
    holder = smtp_tokens.holder(connection, claim.user)
    by_key = _by_smtp_token(holder, claim)
    found = by_token or by_key
    if found is None:
        # Clients try CRAM-MD5 first, with which the secret of an SMTP token cannot be guessed: there is only a hash.
        return None, holder is None or claim.challenge is None
    activated = servers.settings_of(connection, found.tenant.server_id).smtp_api_activated
    return found if activated else None, False


def _by_server_token(connection: sa.Connection, claim: Claim) -> Submitter | None:
    tenant = servers.by_token(connection, claim.user)
    # Tokens are compared without regard to case; in CRAM-MD5 the password is a key, which cannot be folded.
    spellings = (claim.user, claim.user.lower(), claim.user.upper())
    if claim.challenge is None:
        proven = claim._replace(password=claim.password.lower()).proves(claim.user.lower())
    else:
        proven = sum(claim.proves(one) for one in spellings) > 0
    return Submitter(tenant, None) if tenant is not None and proven else None


def _by_smtp_token(holder: smtp_tokens.Holder | None, claim: Claim) -> Submitter | None:
    kept = _NOBODY if holder is None else holder.secret_hash
    proven = hmac.compare_digest(kept, smtp_tokens.secret_hash(claim.password))
    if holder is None or not proven or claim.challenge is not None:
        return None
    return Submitter(holder.tenant, holder.stream)

"""TLS of outgoing connections: what is asked of a certificate, and what came of it in words.

A handshake either checks the certificate or does not. So opportunistic TLS tries one that checks first, and where the
certificate is nobody's connects once more without: whether it was verified is known either way.
"""

import ssl
from pathlib import Path

from msgspec import Struct


class Contexts:
    """The settings of TLS, made when first used. ``authorities`` is a PEM file of certificates that others may lead to, beside
    the system's."""

    def __init__(self, authorities: Path | None = None) -> None:
        """Read nothing yet."""
        self._authorities = authorities
        self._made: dict[bool, ssl.SSLContext] = {}

    def get(self, *, verify: bool) -> ssl.SSLContext:
        """Return settings that check the certificate and whose it is, or that do not. TLS is at least 1.2."""
        if verify not in self._made:
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self._authorities is not None:
                context.load_verify_locations(self._authorities)
            if not verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self._made[verify] = context
        return self._made[verify]


class TlsFailed(Exception):
    """There is no TLS to be had; the text says why. ``unverified`` where only the certificate is not the host's."""

    def __init__(self, reason: str, *, unverified: bool) -> None:
        """Keep whether it is the certificate."""
        super().__init__(reason)
        self.unverified = unverified


class Secured(Struct, frozen=True):
    """What TLS a connection has. ``doubt`` says why its certificate is nobody's."""

    version: str
    cipher: str
    doubt: str | None

    def __str__(self) -> str:
        """Write it as attempts keep it."""
        said = "certificate verified" if self.doubt is None else f"certificate not verified: {self.doubt}"
        return f"{self.version} {self.cipher}, {said}"


def failed(error: Exception) -> TlsFailed:
    """Say what went wrong in a handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsFailed(error.verify_message, unverified=True)
    if isinstance(error, ssl.SSLError):
        return TlsFailed((error.reason or str(error)).replace("_", " ").lower(), unverified=False)
    if isinstance(error, TimeoutError):
        return TlsFailed("the handshake took too long", unverified=False)
    return TlsFailed(str(error) or "the connection was lost in the handshake", unverified=False)

"""Our side of TLS, one context for HTTPS and for STARTTLS."""

import ssl
from pathlib import Path

from carom.server.config import BadSetting


def server_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """Return a context for TLS 1.2 and above. Raises BadSetting where the files are no certificate and its key."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # An encrypted key would have the server wait at a prompt.
        context.load_cert_chain(certificate, key, password="")
    except OSError as error:  # ssl.SSLError is one
        raise BadSetting(f"--tls-cert {certificate} and --tls-key {key} cannot be used: {error}") from error
    return context

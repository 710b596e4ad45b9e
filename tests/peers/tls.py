"""A certificate for loopback, and who trusts it."""

import ssl
from pathlib import Path
from typing import NamedTuple

import trustme


class Certified(NamedTuple):
    """The files of a server, and a client's context that trusts it alone."""

    certificate: Path
    key: Path
    authority: Path
    trusting: ssl.SSLContext


def certified(folder: Path, *names: str) -> Certified:
    """Make a certificate for some names, by default for loopback."""
    ca = trustme.CA()
    leaf = ca.issue_cert(*(names or ("127.0.0.1", "localhost")))
    made = Certified(folder / "chain.pem", folder / "key.pem", folder / "ca.pem", ssl.create_default_context())
    leaf.private_key_pem.write_to_path(made.key)
    made.certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    ca.cert_pem.write_to_path(made.authority)
    made.trusting.load_verify_locations(made.authority)
    return made

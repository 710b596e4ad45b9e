"""TLS as the options say: the system's authorities, a file or folder of one's own, a ready context, or none checked."""

import os
import ssl

from carom.client._settings import Settings


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Make the context of a client's connections. Raises OSError for a file that is not there or holds no
    certificate."""
    verify = settings.verify
    if isinstance(verify, ssl.SSLContext):
        return verify
    if isinstance(verify, str):
        folder = os.path.isdir(verify)  # noqa: PTH112  # the string is passed on as it is
        context = ssl.create_default_context(cafile=None if folder else verify, capath=verify if folder else None)
    else:
        context = ssl.create_default_context()
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
    if settings.cert is not None:
        pair = (settings.cert, None) if isinstance(settings.cert, str) else settings.cert
        context.load_cert_chain(*pair)
    return context

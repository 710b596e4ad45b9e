"""A local Postmark for anyone's tests: :class:`LocalServer`, and the pytest fixtures ``carom_server`` and
``carom_client`` that come with ``pip install 'carom[pytest]'``.

pytest loads this package with every run, so the server is imported only when it is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carom.testing.databases import fresh_database
    from carom.testing.local_server import LocalServer

__all__ = ["LocalServer", "fresh_database"]


def __getattr__(name: str) -> Any:
    if name == "LocalServer":
        from carom.testing.local_server import LocalServer

        return LocalServer
    if name == "fresh_database":
        from carom.testing.databases import fresh_database

        return fresh_database
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

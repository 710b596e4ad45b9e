"""Where handlers register themselves."""

from carom.server.http.api import Routes

routes = Routes()

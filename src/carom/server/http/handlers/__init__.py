"""What answers each endpoint, one file a resource. Importing this package registers them all."""

from carom.server.http.handlers import bounces, email, server, templated, templates

__all__ = ["bounces", "email", "server", "templated", "templates"]

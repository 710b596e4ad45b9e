"""Postmark's API over HTTP: plain ASGI, with the endpoint table as its router."""

"""Logs: one line an event on standard error, as ``key=value`` or as JSON. Values of local variables are never shown: they
hold mails and tokens. What libraries log by the standard library's way comes out the same."""

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any, Final

import structlog

from carom.server.config import LogFormat, LogLevel

LEVELS: Final[dict[LogLevel, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

REQUEST: Final[ContextVar[int | None]] = ContextVar("request", default=None)
"""The number of the HTTP request that is being answered: every line that it causes has it, as ``request_id``."""


def configure_logs(log_format: LogFormat = "text", log_level: LogLevel = "info") -> None:
    """Set structlog up, unless the program around has done so."""
    if structlog.is_configured():
        return
    render: Any = (
        structlog.processors.JSONRenderer(default=str)
        if log_format == "json"
        else structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
    )
    structlog.configure(
        processors=[
            _add_request,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,  # a line that is not logged costs nothing then
    )
    # Warnings and errors of libraries alone: below that they may tell what they were given.
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING)


def _add_request(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    del logger, method
    number = REQUEST.get()
    if number is not None:
        event["request_id"] = f"{number:x}"
    return event


class _Libraries(logging.Handler):
    """Hands on what the standard library's loggers are told."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger(record.name).log(record.levelno, record.getMessage(), exc_info=record.exc_info)

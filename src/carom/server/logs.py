"""Logs: one line an event on standard error, as ``key=value`` or as JSON. Values of local variables are never shown: they
hold mails and tokens. What libraries log by the standard library's way comes out the same."""

import logging
import sys
from typing import Any, Final

import structlog

from carom.server.config import LogFormat, LogLevel

LEVELS: Final[dict[LogLevel, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


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
            structlog.contextvars.merge_contextvars,
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


class _Libraries(logging.Handler):
    """Hands on what the standard library's loggers are told."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger(record.name).log(record.levelno, record.getMessage(), exc_info=record.exc_info)

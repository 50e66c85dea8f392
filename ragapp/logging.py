"""How every process of the application logs; a correlation id a request, and no secrets.

Django calls ``configure`` (``LOGGING_CONFIG``) in web servers and management commands, Celery calls
``configure_from_settings`` in workers and the clock, instead of bringing handlers of its own.
"""

import logging
import re
from contextvars import ContextVar
from logging.config import dictConfig
from typing import Any

from web.log_lines import LineFormatter, log_uncaught

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="-")
# Of invitations and of new passwords, which are in addresses.
_TOKEN = re.compile(r"(/invitations/|/password/reset/key/)[\w-]{20,}")


class SiteFormatter(LineFormatter):
    """Adds ``correlation_id`` to each record, and takes the tokens out of addresses."""

    def format(self, record: logging.LogRecord) -> str:
        record.correlation_id = correlation_id.get()
        return _TOKEN.sub(r"\1…", super().format(record))


def configure(config: dict[str, Any]) -> None:
    """Log as ``config`` says, and what Python itself would print too."""
    dictConfig(config)
    log_uncaught()


def configure_from_settings(**_arguments: Any) -> None:
    """Receive ``celery.signals.setup_logging``."""
    from ragapp.settings import LOGGING

    configure(LOGGING)

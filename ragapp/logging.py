"""A correlation id a request, in every log line and on every error page; no secrets in them."""

import logging
import re
from contextvars import ContextVar

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="-")


class CorrelationFilter(logging.Filter):
    """Adds ``correlation_id`` to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.correlation_id = correlation_id.get()
        return True


_TOKEN = re.compile(r"(/invitations/)[\w-]{20,}")


class TokenFilter(logging.Filter):
    """Keeps the tokens of invitations, which are in addresses, out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "/invitations/" in message:
            record.msg, record.args = _TOKEN.sub(r"\1…", message), ()
        return True

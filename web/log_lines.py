"""Log records that cannot be forged: each begins a line, and no text in it begins another.

Logs contain what people and other services send: error texts of identity providers, addresses,
names. Every process uses these formatters, so that no call has to encode anything. This module
needs no Django: the model server uses it too.
"""

import logging
import re
import sys
import threading
from contextvars import ContextVar
from logging.config import dictConfig
from types import TracebackType
from typing import Any, Final

# Begins each line of a traceback; no record begins with white space.
CONTINUATION: Final = "    "

# Of invitations and of new passwords, which are in addresses.
_TOKEN: Final = re.compile(r"(/invitations/|/password/reset/key/)[\w-]{20,}")

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="-")
logger = logging.getLogger(__name__)


def printable(text: str) -> str:
    """Return ``text`` on one line, with Python escapes for characters that are not printable.

    These are line ends of every kind, control characters (terminals interpret them), marks of
    direction (they change the order in which text is shown) and unpaired surrogates.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


class LineFormatter(logging.Formatter):
    """One line a record; the lines of a traceback follow, each of them indented."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        trace = self.formatException(record.exc_info) if record.exc_info else record.exc_text
        lines = [self.formatMessage(record)]
        for part in (trace, record.stack_info):
            lines += [CONTINUATION + line for line in (part or "").split("\n") if line]
        return "\n".join(printable(line) for line in lines)


class SiteFormatter(LineFormatter):
    """Adds ``correlation_id`` to each record, and removes the tokens of addresses."""

    def format(self, record: logging.LogRecord) -> str:
        record.correlation_id = correlation_id.get()
        return _TOKEN.sub(r"\1…", super().format(record))


def configure(config: dict[str, Any]) -> None:
    """Log as ``config`` says (``logging.config.dictConfig``), uncaught errors included."""
    dictConfig(config)
    log_uncaught()


def log_uncaught() -> None:
    """Log what Python itself would print: warnings, and errors that end a thread or a process."""
    logging.captureWarnings(True)
    sys.excepthook = _log
    threading.excepthook = lambda args: _log(args.exc_type, args.exc_value, args.exc_traceback)


def _log(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
        logger.critical("uncaught", exc_info=(kind, error, trace))

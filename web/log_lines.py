"""Log records that nobody can forge: each begins a line, and nothing that it says begins another.

What people and other services send ends up in logs: error texts of identity providers, addresses,
names. Every process uses this formatter, so no call has to encode anything. It needs no Django: the
model server uses it too.
"""

import logging
import sys
import threading
from types import TracebackType
from typing import Final

# Behind it comes a traceback; no record begins with white space.
CONTINUATION: Final = "    "

logger = logging.getLogger(__name__)


def printable(text: str) -> str:
    """Return ``text`` on one line, what is not printable as an escape of Python.

    Line ends of every kind, control characters (terminals obey them), marks of direction (they
    show text in another order), unpaired surrogates.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


class LineFormatter(logging.Formatter):
    """One line a record; a traceback follows line by line, each of them indented."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        trace = self.formatException(record.exc_info) if record.exc_info else record.exc_text
        lines = [self.formatMessage(record)]
        for part in (trace, record.stack_info):
            lines += [CONTINUATION + line for line in (part or "").split("\n") if line]
        return "\n".join(printable(line) for line in lines)


def log_uncaught() -> None:
    """Log what Python would print itself: warnings, and errors that end a thread or a process."""
    logging.captureWarnings(True)
    sys.excepthook = _log
    threading.excepthook = lambda args: _log(args.exc_type, args.exc_value, args.exc_traceback)


def _log(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
        logger.critical("uncaught", exc_info=(kind, error, trace))

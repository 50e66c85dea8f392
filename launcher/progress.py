"""What the operator reads: results on standard output, progress and errors on standard error."""

import contextlib
import sys
import time
from collections.abc import Iterator


def say(text: str = "") -> None:
    """Print a line at once."""
    print(text, flush=True)


def report(text: str) -> None:
    """Print a line of progress."""
    print(text, file=sys.stderr, flush=True)


def report_error(text: str) -> None:
    """Print an error, alone, on standard error."""
    print(f"ragapp: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Announce something that takes time, and say how long it took."""
    started = time.monotonic()
    report(f"{text} …")
    yield
    report(f"    done in {time.monotonic() - started:.0f} s")

"""A finding of ``./manage doctor``: a line about one part."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """``FAILED`` stops people from working, or does not protect what it should."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of ``part``; ``advice`` says what to do, "" for nothing."""

    level: Level
    part: str
    text: str
    advice: str = ""


def ok(part: str, text: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(Level.OK, part, text)


def warning(part: str, text: str, advice: str) -> Finding:
    """Return a finding that should be looked at soon."""
    return Finding(Level.WARNING, part, text, advice)


def failed(part: str, text: str, advice: str) -> Finding:
    """Return a finding that must be corrected."""
    return Finding(Level.FAILED, part, text, advice)

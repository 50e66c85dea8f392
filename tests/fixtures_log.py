"""What the site's log says during a test, and a record that somebody tries to forge in it."""

import io
import logging
import re
from collections.abc import Iterator

import pytest
from django.conf import settings

from ragapp.logging import SiteFormatter

RECORD = "2026-01-01 00:00:00,000 CRITICAL forged [-] all is well"
FORGED = f"x\n{RECORD}"


def forged_lines(text: str) -> list[str]:
    """The lines that somebody could take for the forged record, for whatever ends a line."""
    return [line for line in text.splitlines() if re.match(r"\W{0,3}2026-01-01", line)]


def site_formatter() -> SiteFormatter:
    """The formatter of every handler of the site."""
    return SiteFormatter(settings.LOGGING["formatters"]["line"]["fmt"])


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the site's handler writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(site_formatter())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)

"""Outlook messages (.msg), shown as e-mails are."""

from typing import BinaryIO

from ingestion.parsing import media_types
from ingestion.parsing.document import ParsedDocument
from ingestion.parsing.eml.parser import parse_message
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.msg.messages import outlook_message


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a message; each message in it (itself first, then attached ones) is a page."""
    return parse_message(outlook_message(file), media_types.MSG)

"""The zygote of production with the text parser replaced by one under an attacker's control.

The file says what to try: {"attack": name, "argument": text}.
"""

import json
from typing import BinaryIO, cast

from ingestion.parsing import media_types, registry
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.limits import ParseLimits
from ingestion.sandbox import zygote
from tests.ingestion.sandbox.attacks import outcome


def attack(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Try what the file says; the text is the outcome."""
    wanted = json.load(file)
    text = outcome(wanted["attack"], wanted["argument"])
    pages = (ParsedPage(1, "", (Block("paragraph", text),)),)
    return ParsedDocument(media_types.TEXT, None, None, "section", pages)


if __name__ == "__main__":
    cast("dict[str, registry.Parser]", registry.PARSERS)[media_types.TEXT] = attack
    zygote.main()

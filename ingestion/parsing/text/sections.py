"""Cuts a flow of blocks into sections, for formats that know no pages."""

from ingestion.parsing.document import Block, ParsedPage

# A section starts at each heading of the two highest levels in use.
_SECTION_LEVELS = 2
# A text without headings is cut too: a section is what a reader is shown at once.
MAX_SECTION_CHARS = 20_000


def split_sections(blocks: list[Block], first_number: int = 1) -> tuple[ParsedPage, ...]:
    """Return `blocks` as pages numbered from `first_number`, each labelled by its first heading."""
    levels = sorted({block.level for block in blocks if block.kind == "heading"})
    section_levels = set(levels[:_SECTION_LEVELS])
    pages: list[ParsedPage] = []
    current: list[Block] = []
    chars = 0

    def close() -> None:
        nonlocal current, chars
        if current:
            number = first_number + len(pages)
            pages.append(ParsedPage(number, _label(current), tuple(current)))
        current, chars = [], 0

    for block in blocks:
        starts = block.kind == "heading" and block.level in section_levels
        has_body = any(before.kind != "heading" for before in current)
        if (starts and has_body) or chars + len(block.text) > MAX_SECTION_CHARS:
            close()
        current.append(block)
        chars += len(block.text)
    close()
    return tuple(pages)


def _label(blocks: list[Block]) -> str:
    return blocks[0].text if blocks[0].kind == "heading" else ""


def first_heading(blocks: list[Block]) -> str | None:
    """Return the text of the first heading if it is of the highest level in use, else None."""
    headings = [block for block in blocks if block.kind == "heading"]
    if headings and headings[0].level == min(block.level for block in headings):
        return headings[0].text
    return None

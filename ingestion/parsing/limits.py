"""How much a parser may use before it gives a document up."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """Ceilings for one document. Operators set them; the defaults suit a machine of 2 cores."""

    max_pages: int = 5_000
    max_text_chars: int = 20_000_000
    # So much text in prose makes half of it; more are short rows, each under the same long header.
    max_passages: int = 50_000
    max_unpacked_bytes: int = 1024 * MIB
    memory_bytes: int = 1024 * MIB
    cpu_seconds: int = 300
    wall_seconds: int = 600
    max_result_bytes: int = 192 * MIB

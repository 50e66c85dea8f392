"""Cut a parsed document into passages."""

from ingestion.chunking.atoms import Atom
from ingestion.chunking.context import PATH_SEPARATOR, embedding_text
from ingestion.chunking.grouping import FLOWING_UNITS, heading_groups, merge_small
from ingestion.chunking.packing import pack
from ingestion.chunking.tokens import TokenCounter
from ingestion.parsing.document import ParsedDocument, Passage, page_text

DEFAULT_CHUNK_TOKENS = 256
# Maximum of the default model, less its prefix, its special tokens and the text between atoms.
_MODEL_TOKENS = 512
_RESERVED_TOKENS = 16
_MAX_HEADING_CHARS = 500


def chunk_document(
    document: ParsedDocument,
    *,
    name: str = "",
    counter: TokenCounter,
    chunk_tokens: int = DEFAULT_CHUNK_TOKENS,
) -> tuple[Passage, ...]:
    """Return the passages of `document` in order, each of at most `chunk_tokens` tokens of text.

    Together with its heading and title (`name` if it has none), a passage fits in the model."""
    texts = [page_text(page) for page in document.pages]
    flows = document.unit in FLOWING_UNITS
    groups = heading_groups(document, counter, chunk_tokens)
    passages: list[Passage] = []
    for group in merge_small(groups, flows=flows, chunk_tokens=chunk_tokens):
        heading = PATH_SEPARATOR.join(group.path)[-_MAX_HEADING_CHARS:]
        context = embedding_text(document.title or name, heading, "")
        room = _MODEL_TOKENS - _RESERVED_TOKENS - counter.count(context)
        for run in pack(group.atoms, texts, min(chunk_tokens, room), counter):
            passages.append(_passage(len(passages), run, group.path, heading, document, texts))
    return tuple(passages)


def _passage(
    position: int,
    run: list[Atom],
    path: tuple[str, ...],
    heading: str,
    document: ParsedDocument,
    texts: list[str],
) -> Passage:
    first = 0
    while (
        first < len(run) - 1
        and run[first].is_heading
        and texts[run[first].page][run[first].start : run[first].end] in path
    ):
        first += 1
    body = run[first:]
    text = _assembled(body, texts)
    return Passage(
        position=position,
        text=text,
        heading=heading,
        page_start=document.pages[body[0].page].number,
        page_end=document.pages[body[-1].page].number,
        char_start=body[0].start,
        char_end=body[-1].end,
        token_count=body[0].header_tokens + sum(atom.tokens for atom in body),
    )


def _assembled(atoms: list[Atom], texts: list[str]) -> str:
    """Return the text of a passage; between consecutive atoms it is the text of the page."""
    parts = [atoms[0].header + "\n"] if atoms[0].header else []
    before: Atom | None = None
    start = atoms[0].start
    for atom, following in zip(atoms, [*atoms[1:], None], strict=True):
        if before is not None and before.page != atom.page:
            parts.append(" " if atom.continues_page else "\n\n")
        elif before is not None and (before.text is not None or atom.text is not None):
            parts.append("\n")
        if atom.text is not None:
            parts.append(atom.text)
        elif following is None or following.page != atom.page or following.text is not None:
            parts.append(texts[atom.page][start : atom.end])
        before = atom
        if following is not None and (
            following.page != atom.page or following.text is not None or atom.text is not None
        ):
            start = following.start
    return "".join(parts)

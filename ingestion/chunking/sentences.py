"""Split text into sentences, in French, English and other languages with like punctuation."""

import re
from collections.abc import Iterator

# Possessive quantifiers (`++`) match each run of dots or white space once, without backtracking, so
# that a page of dots takes no longer than a page of words.
_END = re.compile(
    r"(?:(?<![.!?…])[.!?…]++(?:[ ]?»|[\"”’')\]])*+|[。！？؟۔]|(?<!\s)(?=[^\S\n]*+\n\s))\s++"
    r"(?=[\"«“‘'(\[–—-]?\s*+[^\W_a-zà-ÿ]|[\"«“(–—•-])|[。！？]"
)
# Abbreviations whose full stop does not end a sentence: titles, initials, references.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(«’'])(?:[A-ZÀ-Ý]|[Mm]m?e?s?|MM|Dr|Pr|Me|St|Ste|Mr|Mrs|Ms|Prof|art|al|arts?|cf|p|pp|ch|chap|"
    r"n|no|nos|vol|éd|ed|eds|dir|coll|fig|tab|t|env|ex|resp|vs|i\.e|e\.g|réf|tél|av|bd|[ivxIVX]{1,5})\.$"
)


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of each sentence of `text`, without the spaces between them."""
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        stop = start + len(text[start:end].rstrip())
        if stop <= start:
            continue
        if text[stop - 1] == "." and _ABBREVIATION.search(text, max(0, stop - 12), stop):
            continue
        yield start, stop
        start = end
    stop = start + len(text[start:].rstrip())
    if stop > start:
        yield start, stop

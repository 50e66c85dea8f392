"""Split text into sentences, in French, English and other languages with like punctuation."""

import re
from collections.abc import Iterator

# Possessive quantifiers (`++`) match each run of dots or white space once, without backtracking, so
# that a page of dots takes no longer than a page of words.
_END = re.compile(
    r"(?:(?<![.!?…])[.!?…]++(?:[ ]?»|[\"”’')\]])*+|[。！？؟۔]|(?<!\s)(?=[^\S\n]*+\n\s))\s++"
    r"(?=[\"«“‘'(\[–—-]?\s*+[^\W_a-zà-ÿ]|[\"«“(–—•-])|[。！？]"
)
_NOT_SPACE = re.compile(r"\S")
# Abbreviations whose full stop does not end a sentence: titles, initials ("U.S."), references
# ("art. L. 3141-5", "Cass. civ. 2"), months before a year.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(«\[’'])(?:(?:[A-ZÀ-Ý]\.)*[A-ZÀ-Ý]|[Mm]m?e?s?|MM|Dr|Pr|Me|St|Ste|Mr|Mrs|Ms|Prof|Gen|Gov|"
    r"Col|Rev|Hon|Jr|[Aa]rts?|al|alin|cf|Cf|pp?|ch|chap|sect?|no?|No|Nos|nos|vol|éd|ed|eds|dir|coll|"
    r"[Ff]ig|tab|t|env|approx|ex|resp|vs|viz|i\.e|e\.g|réf|[Tt]él|av|bd|bld|dép|dept|Cass|civ|crim|obs|"
    r"préc|op|cit|suiv|spéc|janv?|févr?|[Ff]eb|avr|juill?|[Aa]ug|[Ss]ept?|[Oo]ct|[Nn]ov|[Dd][ée]c|"
    r"[ivxIVX]{1,5})\.$"
)
# The mark of a list item or of a numbered paragraph, which is no sentence: "1.", "a.", "2.3.".
_MARK = re.compile(r"\W{0,2}(?:\d{1,3}(?:\.\d{1,3}){0,3}|[a-zA-Z])[.)]")


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of each sentence of `text`, without the spaces between them."""
    start = _next_word(text, 0)
    for match in _END.finditer(text):
        end = match.end()
        stop = start + len(text[start:end].rstrip())
        if stop <= start:
            continue
        if text[stop - 1] == "." and (
            _ABBREVIATION.search(text, max(0, stop - 12), stop)
            or (stop - start < 16 and _MARK.fullmatch(text, start, stop))
        ):
            continue
        yield start, stop
        start = _next_word(text, end)
    stop = start + len(text[start:].rstrip())
    if stop > start:
        yield start, stop


def _next_word(text: str, start: int) -> int:
    """Return the place of the first character from ``start`` on that is no white space."""
    found = _NOT_SPACE.search(text, start)
    return found.start() if found else len(text)

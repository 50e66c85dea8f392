"""Questions that English headings answer: "Cost of a card" → "What is the cost of a card?"."""

import re
from collections.abc import Mapping

_PLURALS = (
    *("aims", "benefits", "conditions", "consequences", "criteria", "dates", "deadlines", "duties"),
    *("exceptions", "fees", "obligations", "opening hours", "penalties", "powers", "rates"),
    *("requirements", "responsibilities", "rights", "rules", "stages", "steps", "types"),
    *("eligibility criteria", "entry requirements", "opening times"),
)
_SINGULARS = (
    *("amount", "closing date", "composition", "cost", "deadline", "definition", "duration"),
    *("maximum duration", "procedure", "purpose", "role", "scope"),
)
_STARTS: Mapping[str, tuple[str, ...]] = {"What are the": _PLURALS, "What is the": _SINGULARS}
_START_OF = {noun: start for start, nouns in _STARTS.items() for noun in nouns}
_NOUN = re.compile(
    rf"(?:the )?(?P<noun>{'|'.join(sorted(_START_OF, key=len, reverse=True))})"
    # "Rights and obligations of staff"
    rf"(?: and (?:{'|'.join(_PLURALS)}))?"
    r" (?:of|for|to|on) \S",
    re.IGNORECASE,
)
_OBJECT = r"(?=(?:an?|the|my) \S)"
_ACTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), start)
    for pattern, start in (
        (r"how to (?=\S)", "How do I "),
        (r"when to (?=\S)", "When should I "),
        (r"where to (?=\S)", "Where can I "),
        (r"what to do (?=if |when |in )", "What should I do "),
        (r"who to (?=contact\b|ask\b)", "Whom should I "),
        (r"who can (?=\S)", "Who can "),
        (r"in case of (?=\S)", "What should I do in case of "),
        (r"eligibility for (?=\S)", "Who is eligible for "),
        (r"appl(?:y|ying) for (?=\S)", "How do I apply for "),
        (r"enrol(?:l?ing)? (?=(?:in|on|for) \S)", "How do I enrol "),
        (r"register(?:ing)? for (?=an? |the )", "How do I register for "),
        (rf"request(?:ing)? {_OBJECT}", "How do I request "),
        (rf"submit(?:ting)? {_OBJECT}", "How do I submit "),
        (rf"renew(?:ing)? {_OBJECT}", "How do I renew "),
        (rf"cancel(?:l?ing)? {_OBJECT}", "How do I cancel "),
        (rf"book(?:ing)? {_OBJECT}", "How do I book "),
        (rf"report(?:ing)? {_OBJECT}", "How do I report "),
        (rf"chang(?:e|ing) {_OBJECT}", "How do I change "),
    )
)
_INTERROGATIVE = re.compile(
    r"(?:how|what|when|where|which|who|whom|whose|why|can|may|must|should|do|does|is|are)\b",
    re.IGNORECASE,
)
# Words that only the text around them explains.
_DEPENDENT = re.compile(
    r"\b(?:this|that|these|those|our|ours|us|we|you|it|its|they|their|following|above|below)\b",
    re.IGNORECASE,
)
_FINITE = re.compile(r"\b(?:is|are|was|were|has|have|must|shall|should|will|can|may)\b", re.I)
_UNFINISHED = re.compile(r"\b(?:an?|and|by|for|from|in|of|on|or|the|to|with)\Z", re.IGNORECASE)
_YOUR = re.compile(r"\byour\b", re.IGNORECASE)
# Within a heading, a name or the first letter of any word of a title: nobody knows which.
_CAPITAL = re.compile(r" \W?[A-Z][a-z]")


def english_question(heading: str) -> str | None:
    """Return the question that a heading answers, None unless it is certainly good English."""
    heading = _YOUR.sub("my", " ".join(heading.split()))
    asked = heading.rstrip("? ")
    if _DEPENDENT.search(asked) or _UNFINISHED.search(asked):
        return None
    if heading.endswith("?"):
        return _as_question(asked) if _INTERROGATIVE.match(asked) else None
    if "(" in asked or _CAPITAL.search(asked):
        return None
    for pattern, start in _ACTS:
        found = pattern.match(asked)
        if found:
            return _as_question(start + asked[found.end() :])
    found = _NOUN.match(asked)
    if not found or _FINITE.search(asked):
        return None
    subject = asked[found.start("noun") :]
    return _as_question(f"{_START_OF[found['noun'].lower()]} {subject[0].lower()}{subject[1:]}")


def _as_question(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}?"

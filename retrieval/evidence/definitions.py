"""Sentences that say what a term means: "the term (ACRONYM)", "a term is …", "on appelle …"."""

import re
from functools import lru_cache

from ingestion.indexing.lexical import analyse, fold

_IS = (
    r"(?:est|sont|designent?|signifient?|veut dire|s'entend|se definit|consiste|correspond|permet|"
    r"constituent?|is|are|means?|refers? to|stands? for|denotes?)"
)
_CALLED = (
    r"(?:on appelle|on entend par|on designe (?:par|sous le nom de)|est|est (?:dite?|appelee?|"
    r"denommee?|reputee?|considere?e? comme)|sont (?:dites?|appelee?s)|called|known as|"
    r"is defined as|by|ci-apres)"
)

_APART = re.compile(
    r"^(?:est|sont) (?:dit|appele|considere|repute|qualifie)|"
    r"\b(?:is|are) (?:\w+ )?(?:if|when|one (?:in|that))\b"
)


def defines(term: str, sentence: str) -> bool:
    """Whether a sentence says what a term means, or expands an acronym."""
    folded = " ".join(fold(sentence).replace("’", "'").split())
    if any(pattern.search(folded) for pattern in _patterns(term)):
        return True
    # "Est dit isolé le travailleur qui …", "a structure is permanent if …".
    terms = set(analyse(term))
    return len(terms) > 1 and _APART.search(folded) is not None and terms <= set(analyse(sentence))


@lru_cache(maxsize=1000)
def _patterns(term: str) -> tuple[re.Pattern[str], ...]:
    words = [re.escape(word) for word in fold(term).replace("’", "'").split()]
    name = r"\W+".join(
        f"{word[:-1] if len(word) > 4 and word[-1] == 's' else word}s?" for word in words
    )
    article = r"(?:les?|la|l'|une?|des|du|d'|the|an?|of|de|toute?|any|every)"
    return tuple(
        re.compile(pattern)
        for pattern in (
            # "service commun de la documentation (SCD)", "SCD (service commun…)".
            rf"\(\s*(?:{article}\s*)?(?:ci-apres\W+)?[«\"“]?\s*{name}\b",
            rf"\b{name}\s*\((?=\s*[a-z]{{2,}}\W+[a-z]{{2,}})",
            # "SCD : service commun de la documentation".
            rf"^\W*{name}\s*[:=–—]\s*\w",
            rf"\b{name}\b(?:\s*\([^)]*\))?,?\s+(?:\w+\s+){{0,3}}?{_IS}\b",
            rf"\b{_CALLED}\W+(?:{article}\W*)*{name}\b",
        )
    )

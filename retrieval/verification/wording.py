"""What a clause allows, requires or denies, by the words of French and English rules.

A clause is affirmative or negative ("il est interdit de fumer", "nobody may smoke"), and requires,
permits, or only states. A limit is a least or a greatest one. The words are folded (lower case,
without accents).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from ingestion.indexing.lexical import fold
from retrieval.verification.clauses import Statement


class Force(StrEnum):
    """Whether a clause requires, permits, or only states."""

    REQUIRES = "requires"
    PERMITS = "permits"
    STATES = "states"


class Limit(StrEnum):
    """Whether a quantity is the least or the greatest one."""

    LEAST = "least"
    GREATEST = "greatest"


@dataclass(frozen=True, slots=True)
class Wording:
    """How a clause says it."""

    is_negative: bool
    force: Force
    # "Un lecteur peut emprunter" says as much as "un lecteur emprunte"; "peut être publique" less.
    is_ability: bool = False
    # "If they wish": more than a permission.
    is_optional: bool = False

    def contradicts(self, other: "Wording") -> bool:
        """Whether one denies what the other says."""
        return self.is_negative != other.is_negative

    def changes_force(self, source: "Wording") -> float:
        """Return how far a statement in this wording says more or less than its source, in [0, 1].

        A rule may be stated as a fact or as a requirement: only a permission differs from both.
        What is permitted may be stated as a fact where the conditions are told.
        """
        if self.is_negative or source.is_negative or self.force == source.force:
            return 0.0
        if self.is_optional and source.force != Force.PERMITS:
            return 1.0
        if Force.STATES in (self.force, source.force) and (self.is_ability or source.is_ability):
            return 0.0
        if self.force == Force.STATES:
            return _STATED if source.force == Force.PERMITS else 0.0
        return float(Force.PERMITS in (self.force, source.force))


_STATED = 0.4
# Limits hold words of negation, and deny nothing.
_LIMITS = re.compile(
    r"\b(?:ne |n')?(?:\w+ ){0,3}?pas plus (?:de|d'|tard)|\bpas (?:moins|avant|au-dela)|"
    r"\b(?:ne |n')(?:\w+ ){0,2}?(?:plus de|plus d')|"
    r"\b(?:ne |n'|sans )(?:\w+ ){0,2}?(?:depass|exced)\w*(?: pas)?|"
    r"\b(?:no|not|cannot|can't|may not|must not|without)\b[^.;,]{0,40}?\b(?:more|higher|longer|"
    r"larger|greater|later|less|fewer|earlier) than|"
    r"\b(?:cannot|can't|may not|must not|not|without) (?:exceed\w*|be exceeded)|"
    r"\bnot only\b|\bnon seulement\b|"
    # What is free or quick.
    r"\bsans (?:sur)?(?:frais|couts?|delai|attendre|cesse)\b|\b(?:ne |n')\w+ rien a payer\b|"
    r"\b(?:ne |n')cout\w+ rien\b|\b(?:without delay|at no (?:extra )?(?:cost|charge))\b"
)
# Examples deny nothing.
_PARENTHESIS = re.compile(
    r"\([^()]*\)|\b(?:such as|like|comme|par exemple|telle?s? que)\b[^,;]*?"
    r"(?=\b(?:are|is|est|sont)\b|[,;]|$)"
)
_NEGATIVE = re.compile(
    r"(?:\b(?:pas|jamais|aucune?|rien)\b|\b(?:ne |n')(?:\w+ ){1,3}plus\b)[^.;]*?\bni\b"
    r"(?:.*\bni\b)?|"
    r"\b(?:neither|not?|never|cannot)\b[^.;]*?\bnor\b|"
    r"\bpas\b|\bjamais\b|(?<!plus )\baucune?s?\b|\bnul(?:le)?s?\b(?! part)|\bsans\b|"
    r"\bni\b(?:.*\bni\b)?|(?<!plus )(?<!pas )(?<!jamais )\brien\b|"
    r"(?<!une )(?<!la )(?<!cette )(?<!toute )\bpersonne n|\bcess(?:e|ent|era|eront) d|"
    r"\bnon\b(?![ -]\w)|\b(?:ne |n')(?:\w+ ){1,3}plus\b|"
    r"\bnot\b|\bno\b(?! later)|\bnever\b|\bwithout\b|\bneither\b|\bnor\b|n't\b|\bcannot\b|"
    r"\bnobody\b|\bnone\b|\bno one\b|\bin no case\b|"
    r"\b(?:interdi|proscri|prohib|defendu|refus|rejet|irrecevable|abrog|banni)\w*|"
    r"\bexclu(?:e?s?|t|ent)\b|\bnothing\b|\b(?:cease|stop)(?:s|ped)? (?:to|being)\b|"
    r"\b(?:forbid|forbad|prohibit|banned|refus|reject|unlawful|disallow)\w*|"
    r"\b(?:dispens|exclud)\w*"
)
_PERMITS = re.compile(
    r"\b(?:peut|peuvent|peux|pourra|pourront|pouvez|pouvons|pourrait|possible|possibles|possibilite|"
    r"autorise\w*|admis\w*|permis\w*|permet\w*|facultati\w*|libre de|accepte\w*|recevables?|"
    r"may|might|can|could|allowed|permitted|optional|optionally|possible|accepted|"
    r"if they wish|droit de|right to)\b"
)
_ABILITY = re.compile(
    r"\b(?:peut|peuvent|peux|pourra|pourront|pouvez|may|can)\b (?!(?:\w+ )?(?:etre|be)\b)"
)
# "Information about a person who can be identified" permits nothing.
_RELATIVE = re.compile(
    r"\b(?:who|which|that|qui) (?:\w+ )?(?:can|could|might|peut|peuvent|pourrait) "
)
_OPTIONAL = re.compile(
    r"\b(?:if (?:they|you|he|she) (?:wish|want|like)\w*|optional\w*|voluntary|facultati\w*|"
    r"s'il le (?:souhaite|veut|desire)|si vous le (?:souhaitez|voulez|desirez)|a sa demande|"
    r"s'ils le (?:souhaitent|veulent|desirent))\b"
)
_REQUIRES = re.compile(
    r"\b(?:doit|doivent|dois|devra|devront|devez|obligatoire\w*|oblig\w*|tenue?s? de|il faut|"
    r"faut|imperati\w*|exige\w*|requis\w*|necessaire\w*|est a|sont a|must|shall|required?|"
    r"requires|have to|has to|needs?|needed|compulsory|mandatory|obliged|obligatory)\b"
)
_GREATEST = re.compile(
    r"au plus\b|maxim\w+|\bmaxi\b|jusqu'|\blimite\b|plafon\w+|sans depasser|pas plus|ne depasse\w*|"
    r"n'excede\w*|\bat most\b|\bup to\b|no more than|not more than|no longer than|no higher than|"
    r"not exceed|cannot exceed|\bat the most\b|\bwithin\b|au plus tard|moins de\b|less than|"
    r"fewer than|under\b"
)
_LEAST = re.compile(
    r"au moins\b|minim\w+|\bat least\b|or more\b|plus de\b|more than\b|ou plus\b|pas moins|"
    r"no fewer than|no less than|not less than|au plus tot|et plus\b|superieur\w*|over\b"
)
# "Ne … plus de 5": the greatest, where "plus de 5" is the least.
_DENIED_MORE = re.compile(r"(?:\bpas|\bno|\bnot|\bne (?:\w+ ){1,3}|\bn'(?:\w+ ){1,3})\s*$")
# Within how many characters of a quantity its limit is looked for.
_BEFORE, _AFTER = 34, 26


@lru_cache(maxsize=20_000)
def wording(clause: str) -> Wording:
    """Return how a clause says what it says."""
    text = _LIMITS.sub(" ", _PARENTHESIS.sub(" ", _plain(clause)))
    is_negative = len(_NEGATIVE.findall(text)) % 2 == 1
    text = _RELATIVE.sub(" ", text)
    if _PERMITS.search(text):
        is_optional = _OPTIONAL.search(text) is not None
        return Wording(is_negative, Force.PERMITS, _ABILITY.search(text) is not None, is_optional)
    if _REQUIRES.search(text):
        return Wording(is_negative, Force.REQUIRES)
    return Wording(is_negative, Force.STATES)


def wordings(texts: Sequence[Statement], lead: str = "") -> list[Wording]:
    """Return the wording of each statement of a text; ``lead`` introduces all of them."""
    found: list[Wording] = []
    for each in texts:
        ours = wording(" ".join(filter(None, (lead, each.lead, each.text))))
        if each.is_exception and found:
            before = found[-1]
            is_negative = before.is_negative == ours.is_negative
            ours = replace(before, is_negative=is_negative)
        found.append(ours)
    return found


@lru_cache(maxsize=20_000)
def limit_of(text: str, start: int, end: int) -> Limit | None:
    """Return which limit the quantity ``text[start:end]`` is, None when it is said to be none.

    Only words of the same clause count: none behind a mark of punctuation or another number.
    """
    before = re.split(r"[;,.:|]\s|\d", text[max(0, start - _BEFORE) : start])[-1]
    after = re.split(r"[;,.:|](?:\s|$)|\d", text[end : end + _AFTER])[0]
    for said, is_before in ((_plain(before) + " ", True), (_plain(after), False)):
        nearest = [
            (match.end() if is_before else -match.start(), limit)
            for pattern, limit in ((_GREATEST, Limit.GREATEST), (_LEAST, Limit.LEAST))
            for match in pattern.finditer(said)
            if limit == Limit.GREATEST or not _DENIED_MORE.search(said[: match.start()])
        ]
        if nearest:
            return max(nearest)[1]
    return None


def _plain(text: str) -> str:
    return " ".join(fold(text.replace("’", "'")).split())

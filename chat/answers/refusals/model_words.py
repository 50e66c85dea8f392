"""Recognises answers in which a model says that the passages do not answer the question.

Such an answer is recorded as nothing found. The rules are for French and English. Not recognised,
on purpose: an answer that says what is missing and then answers from a passage that it cites.
"""

import re

from chat.answers.quoting.quotes import CITATION
from ingestion.chunking.sentences import sentence_spans

_BUT = re.compile(r"\b(?:mais|cependant|toutefois|néanmoins|however|but|though)\b[^\[]*\[")
# A refusal is short; a longer text says something.
_MAX_WORDS = 90

_SOURCES_FR = (
    r"(?:passages?|documents?|extraits?|sources?|textes?|informations?|éléments?|contexte|pièces?|"
    r"données|règlement|corpus)"
)
_SAY_FR = (
    r"(?:di(?:t|sent)|contien(?:t|nent)|répond(?:ent)?|permet(?:tent)?|fourni(?:t|ssent)|"
    r"défini(?:t|ssent)|suffi(?:t|sent)|(?:mentionne|précise|indique|traite|parle|donne|comporte|"
    r"aborde|évoque|spécifie|concerne|porte|explique|nomme)(?:nt)?)"
)
_FRENCH = (
    # "Les passages fournis ne précisent pas …", "aucun document ne mentionne …".
    rf"\b{_SOURCES_FR}\b[^.!?]{{0,60}}? (?:ne |n')(?:\w+ )?{_SAY_FR} (?:pas|rien|aucun|nulle)",
    rf"\b(?:aucun|aucune|nul) (?:des )?{_SOURCES_FR}\b[^.!?]*? (?:ne |n'|sur |concernant )",
    r"\bn(?:'est|e sont|'a|'ont) (?:pas|nulle part) [^.!?]{0,40}?(?:dans|par) "
    rf"(?:les |ces |le |ce |la |aucun )?{_SOURCES_FR}",
    r"\b(?:ne figure(?:nt)?|n'apparaît|n'apparaissent) (?:pas|nulle part|dans aucun)",
    r"\bje ne (?:trouve|dispose|peux|suis|sais|parviens|vois) (?:pas|rien|aucun)[^.!?]*"
    r"(?:répondre|réponse|information|trouver|passage|document|mesure)",
    r"\bje n'ai (?:pas|rien|aucune?)\b[^.!?]*(?:trouvé|information|élément|réponse)",
    r"\bil n'y a (?:pas|aucune?|rien)[^.!?]*(?:information|mention|réponse|passage|document)",
    r"\bimpossible de (?:répondre|trouver|déterminer)",
    r"\b(?:la|cette) (?:réponse|information)[^.!?]{0,30} (?:n'est pas|ne se trouve pas|"
    r"n'est nulle part)",
)
_SOURCES_EN = (
    r"(?:passages?|documents?|excerpts?|sources?|texts?|context|information|materials?|extracts?|"
    r"content)"
)
_SAY_EN = (
    r"(?:say|mention|contain|answer|specify|provide|include|address|state|give|indicate|cover|"
    r"discuss|describe|explain|define|refer|tell|have|offer|detail|list|appear)"
)
_ENGLISH = (
    # "The passages do not mention …", "none of the documents says …".
    rf"\b{_SOURCES_EN}\b[^.!?]{{0,60}}? (?:do|does|did)(?: not|n't) (?:\w+ ){{0,2}}?{_SAY_EN}\b",
    rf"\b(?:none of|no) (?:the |these )?(?:\w+ )?{_SOURCES_EN}\b",
    r"\b(?:is|are|was|were)(?: not|n't) (?:\w+ )?(?:mentioned|specified|stated|indicated)\b",
    r"\b(?:is|are|was|were)(?: not|n't) (?:\w+ )?(?:given|covered|addressed|provided|described|"
    rf"defined|found|included|available|discussed)\b[^.!?]*\b{_SOURCES_EN}\b",
    r"\bI(?:'m| am)? ?(?:could|can|did|do|was|am)?(?: ?not|n't| unable)[^.!?]*\b(?:find|found|"
    r"answer|know|information|determine)",
    r"\b(?:cannot|can't|could not|couldn't) be (?:answered|found|determined)",
    rf"\bthere (?:is|are|was|were) (?:no|not|n't any) (?:\w+ ){{0,2}}?(?:{_SOURCES_EN}|mention|"
    r"answer)",
    rf"\b(?:not enough|insufficient|no relevant) {_SOURCES_EN}",
    r"\bunable to (?:answer|find|determine)",
)
_REFUSAL = re.compile("|".join(_FRENCH + _ENGLISH), re.IGNORECASE)


def says_nothing_found(answer: str) -> bool:
    """Whether a model's whole answer says that the passages do not answer.

    Its first sentence says so, and no later one cites a passage for something else.
    """
    text = " ".join(answer.replace("’", "'").replace("*", "").split())
    if not text or len(text.split()) > _MAX_WORDS:
        return False
    sentences = [text[start:end] for start, end in sentence_spans(text)]
    first, *others = sentences
    if _REFUSAL.search(first) is None or _BUT.search(first) is not None:
        return False
    return all(_REFUSAL.search(other) or not CITATION.search(other) for other in others)

"""Questions that French headings answer: « Délai de paie » → « Quel est le délai de paie ? »."""

import re
from collections.abc import Mapping

_NO_BREAK_SPACE = "\u00a0"
# How a question about a noun begins; the heading follows as it is.
_NOUNS: Mapping[str, tuple[str, ...]] = {
    "Quel est le": (
        *("barème", "calendrier", "coût", "délai", "montant", "plafond", "rôle", "tarif", "taux"),
    ),
    "Quelle est la": ("composition", "date limite", "durée", "périodicité", "procédure"),
    "Quels sont les": (
        *("avantages", "coûts", "critères", "délais", "documents", "droits", "effets", "horaires"),
        *("montants", "motifs", "objectifs", "plafonds", "seuils", "tarifs", "types"),
    ),
    "Quelles sont les": (
        *("attributions", "catégories", "compétences", "conditions", "conséquences", "dates"),
        *("dates limites", "démarches", "étapes", "exceptions", "missions", "modalités"),
        *("obligations", "pièces justificatives", "règles", "responsabilités", "sanctions"),
        "voies",
    ),
}
_START_OF = {noun: start for start, nouns in _NOUNS.items() for noun in nouns}
_PLURALS = "|".join(noun for noun, start in _START_OF.items() if start.endswith("sont les"))
_NOUN = re.compile(
    rf"(?:les? |la )?(?P<noun>{'|'.join(sorted(_START_OF, key=len, reverse=True))})"
    # « Droits et obligations des agents »
    rf"(?: et (?:{_PLURALS}))?"
    r"(?: (?:générales|particulières|spécifiques|(?:maxim|minim)(?:ales?|al|um|aux)))?"
    r" (?:d’|de |du |des |pour |(?<=conditions )aux? |(?<=droits )à )\S",
    re.IGNORECASE,
)
_GIVEN = re.compile(
    r"(?P<noun>documents|justificatifs|pièces) à (?P<verb>fournir|joindre)\b.*", re.I
)
_VERB = re.compile(
    r"(?:accéder|adhérer|annuler|bénéficier|choisir|constituer|consulter|contester|créer|demander"
    r"|déclarer|déposer|emprunter|faire|justifier|modifier|obtenir|payer|postuler|préparer"
    r"|prolonger|remplir|renouveler|réserver|s’inscrire|se réinscrire|signaler|télécharger"
    r"|utiliser) (?=\S)",
    re.IGNORECASE,
)
# « Inscription en master » → « Comment s’inscrire en master ? »
_ACTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern + r"(?=\S)", re.IGNORECASE), start)
    for pattern, start in (
        (r"en cas d(?=’|e )", "Que faire en cas d"),
        (r"définition de l’", "Qu’est-ce que l’"),
        (r"définition de la ", "Qu’est-ce que la "),
        (r"définition du ", "Qu’est-ce que le "),
        (r"définition d’(?=une? )", "Qu’est-ce qu’"),
        (r"inscription (?=(?:à|au|aux|en|dans) )", "Comment s’inscrire "),
        (r"demande (?=d’|de (?!la |l’))", "Comment faire une demande "),
        (r"accès (?=(?:à|au|aux) )", "Comment accéder "),
        (r"(?:l’)?entrée en vigueur (?=du |des |de l)", "Quand a lieu l’entrée en vigueur "),
        (r"ouverture (?=des inscriptions|des candidatures)", "Quand a lieu l’ouverture "),
        (r"(?:début )(?=des (?:cours|inscriptions|épreuves))", "Quand a lieu le début "),
        (r"remboursement (?=du |des |de la |de l’)", "Comment se fait le remboursement "),
        (r"calcul (?=du |des |de la |de l’)", "Comment se fait le calcul "),
    )
)
# How questions begin, of which only the mark may be missing.
_INTERROGATIVE = re.compile(
    r"(?:combien|comment|dans quels?|dans quelles?|où|peut-on|pourquoi|puis-je|dois-je|faut-il"
    r"|à qui|à quoi|à quelles?|à quels?|de quels?|de quelles?|pour qui|qui|qu’est-ce|que faire"
    r"|quand|quel(?:le)?s?|est-ce)\b",
    re.IGNORECASE,
)
_UNMARKED = re.compile(
    r"(?:comment|où|pourquoi|quand|que) (?:ne pas )?(?:s’|se )?\w+(?:er|ir|re)\b"
    r"|quel(?:le)?s? (?:est|sont)\b|qui peut\b|qu’est-ce que? |qu’est-ce qu’",
    re.IGNORECASE,
)
# Words that only the text around them explains, and finite verbs, of sentences and relatives.
_DEPENDENT = re.compile(
    r"(?<![-’])\b(?:ces?|cet(?:te)?|nos|notre|nous|vos|votre|vous|celles?|celui|ceux|dont|lequel|laquelle"
    r"|suivante?s?|ci-dessous|ci-dessus|ci-après)\b",
    re.IGNORECASE,
)
_FINITE = re.compile(
    r"\b(?:a|ont|est|sont|était|étaient|sera|seront|doit|doivent|peut|peuvent|qui|que|ne)\b",
    re.IGNORECASE,
)
# "Conditions Générales De Vente"
_TITLE_CASE = re.compile(r"\S+(?: (?:\w{1,3}|\w’)?[ ]?[A-ZÀ-Ý][a-zà-ÿ]{3,}){2,}")
_UNFINISHED = re.compile(
    r"(?:\b(?:à|au|aux|avec|d|de|des|du|en|et|l|la|le|les|ou|par|pour|sans|sur|un|une)|’)\Z",
    re.IGNORECASE,
)


def french_question(heading: str) -> str | None:
    """Return the question that a heading answers, None unless it is certainly good French."""
    heading = " ".join(heading.replace("'", "’").split())
    asked = heading.rstrip("? ")
    if _DEPENDENT.search(asked) or _UNFINISHED.search(asked) or _TITLE_CASE.fullmatch(asked):
        return None
    if (_INTERROGATIVE if heading.endswith("?") else _UNMARKED).match(asked):
        return _as_question(asked)
    if heading.endswith("?") or _FINITE.search(asked) or "(" in asked:
        return None
    return _on_noun(asked) or _on_act(asked)


def _on_noun(heading: str) -> str | None:
    if found := _GIVEN.fullmatch(heading):
        is_feminine = found["noun"].lower() == "pièces"
        return _as_question(
            f"{'Quelles' if is_feminine else 'Quels'} {found['noun'].lower()} faut-il"
            f" {found['verb'].lower()}"
        )
    found = _NOUN.match(heading)
    if not found:
        return None
    subject = heading[found.start("noun") :]
    return _as_question(f"{_START_OF[found['noun'].lower()]} {_uncapitalised(subject)}")


def _on_act(heading: str) -> str | None:
    for pattern, start in _ACTS:
        if found := pattern.match(heading):
            return _as_question(start + heading[found.end() :])
    if _VERB.match(heading):
        return _as_question(f"Comment {_uncapitalised(heading)}")
    return None


def _as_question(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}{_NO_BREAK_SPACE}?"


def _uncapitalised(text: str) -> str:
    return text[0].lower() + text[1:]

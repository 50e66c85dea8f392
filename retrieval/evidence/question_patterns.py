"""The forms of French and English questions, as regular expressions (case is ignored)."""

import re
from collections.abc import Sequence


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_MODIFIERS = (
    "la |les? |l'|une? |des |du |de la |de l'|d'|de |the |an? |acronyme |abréviation |sigle |"
    "initiales |terme |mot |expression |notion de |acronym |abbreviation |term |word |initials "
)
_BEFORE = f"(?:{_MODIFIERS})*"
_TERM = r"[«\"“']?\s*(?P<term>[^?»\"”]+?)\s*[»\"”']?\s*(?:\?|$)"
_ACRONYM_ALONE = r"(?P<term>(?-i:[A-Z][A-Z0-9&./-]+))\s*(?:\?|$)"
# Questions for the meaning of a ``term``, in the order in which they are tried.
DEFINITIONS: Sequence[re.Pattern[str]] = tuple(
    _pattern(form)
    for form in (
        rf"^qu'est[- ]ce (?:que c'est que |que |qu'){_BEFORE}{_TERM}",
        rf"^c'est quoi {_BEFORE}{_TERM}",
        rf"^{_BEFORE}(?P<term>[\w .'-]+?),? c'est quoi",
        rf"^qu'(?:appelle[- ]t[- ]on|entend[- ]on par|entendez[- ]vous par) {_BEFORE}{_TERM}",
        rf"^que (?:signifien?t?|désignen?t?|veut dire|veulent dire) {_BEFORE}{_TERM}",
        rf"^comment (?:définit[- ]on|définir|est définie?|se définit) {_BEFORE}{_TERM}",
        rf"^quelle est la (?:définition|signification) {_BEFORE}{_TERM}",
        rf"^(?:quel est le sens|définition|définir) {_BEFORE}{_TERM}",
        rf"^what (?:does|do) {_BEFORE}(?P<term>.+?) (?:stand for|mean|refer to)",
        rf"^what (?:is|are) (?:meant by |the (?:definition|meaning) of )+{_BEFORE}{_TERM}",
        rf"^what (?:counts|qualifies) as {_BEFORE}{_TERM}",
        rf"^(?:what is|what's|define) an? {_TERM}",
        rf"^(?:what is|what's|what are) (?:the )?{_ACRONYM_ALONE}",
        rf"^quel(?:le)? est {_BEFORE}{_ACRONYM_ALONE}",
        r"^(?:what is|define) (?P<term>(?!(?:the|this|that|it|my|your|our|his|her|their) )"
        r"[\w-]+(?: [\w-]+){0,2})\s*(?:\?|$)",
    )
)
WHEN = _pattern(
    r"^(?:(?:à partir|jusqu'à|depuis|de|dès|pour) )*quand\b",
    r"\bquel(?:le)? (?:jour|date|année|mois|siècle|heure|époque|saison)",
    r"\bdates? (?:limite|d'effet|de)",
    r"^when\b|\bat what time|\bsince when",
    r"\b(?:what|which) (?:date|day|year|month|time|century)",
)
_AMOUNTS_FR = (
    "montants?|prix|tarifs?|plafond|taux|délais?|durée|coûts?|nombre|âge|seuil|indemnité|"
    "pourcentage|part|superficie|population|taille|poids|hauteur|longueur|distance|température|"
    "vitesse|somme|quantité|numéro|abonnement|rémunération|salaire|budget|teneur|proportion"
)
_AMOUNTS_EN = (
    "fee|price|rent|cost|rate|amount|number|percentage|maximum|minimum|deposit|height|length|size|"
    "population|age|distance|area|fine|salary|budget|discount"
)
HOW_MUCH = _pattern(
    r"\bcombien\b",
    r"\bquel(?:le)?s? (?:est |était |sont |étaient )?(?:le |la |l'|les )?"
    rf"(?:nouveaux? |nouvelles? )?(?:{_AMOUNTS_FR})\b",
    r"\bhow (?:many|much|long|often|quickly|soon|old|high|tall|far|large|big|fast|deep|wide)\b",
    r"\bwhat (?:is |was |are |were )?(?:the |an? )?(?:\w+ )?"
    rf"(?:{_AMOUNTS_EN})\b",
    r"\bwithin how|\bafter how",
)
WHO = _pattern(r"^(?:\w+ ){0,2}qui\b(?!')", r"^(?:by |to |with |for )?(?:who|whom|whose)\b")
WHERE = _pattern(
    r"^(?:d'|par |jusqu'|vers )?où\b", r"^where\b", r"\bin what (?:city|country|place)"
)
# "Quelles sont les …", "quels documents …", "what are the …", "which documents …".
WHICH_ONES = _pattern(
    r"^quel(?:le)?s (?:sont|étaient|furent) (?:les|ses|leurs|tous|toutes)",
    r"^quel(?:le)?s \w+s\b",
    r"^que (?:faut-il|doit-on) (?:joindre|fournir)",
    r"^(?:donne[rz]?|énumère[rz]?|cite[rz]?|liste[rz]?) ",
    r"^(?:dans )?quels cas",
    r"^what (?:are|were) the\b|^list\b",
    r"^which \w+s\b",
    r"^what \w+s (?:are|must|can|do|does|should|make)",
)
HOW = _pattern(
    r"^comment\b",
    r"^que (?:faire|dois-je|faut-il|se passe)",
    r"^how\b",
    r"^what (?:happens|must|should|do i)",
)
WHETHER = _pattern(
    r"^(?:\S+ ){0,6}\S+-(?:t-)?(?:il|elle|on|ils|elles|je|nous|vous)\b",
    r"^est-ce\b",
    r"^(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|am)\b",
)
# A name of a person answers these, not an office.
WHO_IS = _pattern(
    r"^qui (?:est|était|sont|étaient|fut|préside|dirige|commande)\b",
    r"^who (?:is|was|are|were|chairs|leads|heads)\b",
    r"^quel est le nom",
    r"^what is the name",
    r"^comment s'appelle",
)
# Words that ask, and that no answer need hold.
ASKING_WORDS = (
    "signifie signifient signification désigne appelle entend définit définition définir acronyme "
    "abréviation sigle sens terme mot dire veut combien quand quel quelle quels quelles comment "
    "qui où quoi faire faut doit dois puis peut mean means meaning meant stand stands define "
    "definition acronym counts many much when who whom whose where how which what"
)
_NUMBER_WORDS = (
    "un|une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|quinze|vingt|trente|quarante|"
    "cinquante|soixante|cent|mille|moitié|tiers|quart|double|demi\\w*|gratuit\\w*|aucune?|one|two|"
    "three|four|five|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|"
    "hundred|thousand|half|third|quarter|once|twice|free|none|no"
)
NUMERAL = _pattern(rf"\d|\b(?:{_NUMBER_WORDS})\b")
_TIME_WORDS = (
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|january|"
    "february|march|april|may|june|july|august|september|october|november|december|lundi|mardi|"
    "mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|"
    "sunday|siècle|century|jours?|semaines?|mois|ans?|années?|days?|weeks?|months?|years?|heures?|"
    "hours?|midi|minuit|noon|midnight|printemps|été|automne|hiver|spring|summer|autumn|winter|"
    "trimestre|semestre"
)
TIME = _pattern(
    r"\b(?:1[0-9]|20)\d\d\b",
    r"\b\d{1,2} ?h\b",
    r"\b\d{1,2}(?::\d\d)? ?[ap]m\b",
    r"\b\d{1,2}/\d{1,2}\b",
    rf"\b(?:{_TIME_WORDS})\b",
)
# These tell upper case from lower case.
ACRONYM = re.compile(r"\b(?=[A-Z0-9&-]*[A-Z])[A-Z][A-Z0-9&-]+\b")
NUMBER = re.compile(r"\b\d[\d .,]*\b")
NAME = re.compile(r"(?<=[\w,;'»)] )[A-ZÀ-Ý][a-zà-ÿ-]+|(?<=')[A-ZÀ-Ý][a-zà-ÿ-]+")
PERSON_NAME = re.compile(
    r"\b(?:M\.|Mme|MM\.|Mr|Mrs|Ms|Dr|Pr|Prof\.?|Maître|Me) ?[A-ZÀ-Ý]|"
    r"\b[A-ZÀ-Ý][a-zà-ÿ-]+ (?:(?:de|van|von|du|le|la|d'|of|the) ?)?[A-ZÀ-Ý][a-zà-ÿA-Z-]+"
)

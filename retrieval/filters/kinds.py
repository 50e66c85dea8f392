"""Kinds of documents, by the words that French and English questions and titles have for them.

Patterns are of folded text (lower case, without accents), valid in Python and in PostgreSQL.
"""

import re
from collections.abc import Iterable, Mapping

from ingestion.indexing.lexical import fold

# More words before fewer.
KINDS: Mapping[str, str] = {
    "annual report": r"rapports? (?:annuels? )?d['’ ]activites?(?: annuels?)?|rapports? annuels?|"
    r"annual reports?|activity reports?",
    "minutes": r"comptes?[- ]rendus?|proces[- ]verba(?:l|ux)|releves? de decisions?|minutes|pv",
    "internal regulations": r"reglements? interieurs?",
    "service note": r"notes? de service|service notes?",
    "agenda": r"ordres? du jour|agendas?",
    "newsletter": r"lettres? d['’ ]information|bulletins?|newsletters?",
    "call": r"appels? a (?:projets?|candidatures?)|calls? for (?:projects?|proposals?)",
    "circular": r"circulaires?|circulars?",
    "report": r"rapports?|reports?",
    "order": r"arretes?",
    "decree": r"decrets?|decrees?",
    "deliberation": r"deliberations?",
    "regulations": r"reglements?|regulations?",
    "agreement": r"conventions?|agreements?",
    "budget": r"budgets?",
    "guide": r"guides?",
    "policy": r"politiques?|policy|policies",
    "charter": r"chartes?|charters?",
    "directive": r"directives?",
    "survey": r"enquetes?|surveys?",
    "statutes": r"statuts?|statutes?",
    "catalogue": r"catalogues?",
    "handbook": r"livrets?|handbooks?",
    "audit": r"audits?",
    "notice": r"avis|notices?",
}
# Words for documents of any kind.
ANY_KIND = r"documents?|textes?|fichiers?|texts?|files?"


def category_patterns(categories: Iterable[str]) -> dict[str, str]:
    """Return a pattern for each kind that people have given to documents, by its name."""
    return {
        category: r"\s+".join(
            rf"{re.escape(fold(word).removesuffix('s'))}(?:s|x)?" for word in category.split()
        )
        for category in categories
        if fold(category).strip()
    }

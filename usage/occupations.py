"""What institutions release about the occupation of people: an affiliation, and a trade.

An affiliation is one of eduPerson (202208, 2.2.1). A trade is read from ``supannActivite`` (SupAnn
2021), whose values name a nomenclature and a code: the branch of a job of the ministry's directory
({REFERENS}, {BAP}: a letter), or the section of a teacher ({CNU}: two digits). Only the branch
or the section is kept.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from instances.models import Affiliation

# The first of a person's affiliations in this order counts, so that each person is in one group.
_ORDER: Final = (
    Affiliation.FACULTY,
    Affiliation.RESEARCHER,
    Affiliation.STAFF,
    Affiliation.EMPLOYEE,
    Affiliation.STUDENT,
    Affiliation.AFFILIATE,
    Affiliation.ALUM,
    Affiliation.MEMBER,
)
_BRANCH = re.compile(r"\{(?:REFERENS|BAP)\}\s*([A-HJ])", re.IGNORECASE)
_SECTION = re.compile(r"\{CNU\}\s*(\d{2})", re.IGNORECASE)
_BRANCHES: Final = {
    "A": gettext_lazy("Life, earth and environmental sciences"),
    "B": gettext_lazy("Chemistry and materials"),
    "C": gettext_lazy("Engineering and scientific instruments"),
    "D": gettext_lazy("Humanities and social sciences"),
    "E": gettext_lazy("Computing, statistics and scientific calculation"),
    "F": gettext_lazy("Culture, communication, libraries and teaching technology"),
    "G": gettext_lazy("Buildings, logistics, catering and safety"),
    "H": gettext_lazy("Management (former branch H)"),
    "J": gettext_lazy("Management and steering"),
}


def affiliation_of(affiliations: Sequence[str]) -> str:
    """Return the affiliation under which a person is counted, "" without a known one."""
    return next((one.value for one in _ORDER if one in affiliations), "")


def trade_of(attributes: Mapping[str, Any]) -> str:
    """Return the branch ("BAP E") or the section ("CNU 26") of a person, "" without one."""
    text = " ".join(attributes.get("supannActivite", ()))
    if found := _BRANCH.search(text):
        return f"BAP {found[1].upper()}"
    if found := _SECTION.search(text):
        return f"CNU {found[1]}"
    return ""


def affiliation_label(affiliation: str) -> str:
    """The name of an affiliation on dashboards."""
    return Affiliation.labels_of([affiliation])[0] if affiliation else _("Not released")


def trade_label(trade: str) -> str:
    """The name of a trade on dashboards."""
    kind, _space, code = trade.partition(" ")
    if kind == "BAP":
        return f"{trade} · {_BRANCHES[code]}"
    if kind == "CNU":
        return _("Teaching staff, CNU section %(number)s") % {"number": code}
    return _("Not released")

"""How confidential documents are: levels from the lowest to the highest."""

from collections.abc import Iterable, Mapping
from typing import Self

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Sensitivity(models.TextChoices):
    """The level of documents, questions and passages, and the highest that a server may receive."""

    PUBLIC = "public", _("Public: anyone may read them")
    INTERNAL = "internal", _("Internal: for staff")
    RESTRICTED = "restricted", _("Restricted: for named people, or with personal data")

    @classmethod
    def highest(cls, levels: Iterable[str]) -> Self:
        """Return the highest of these levels; an empty text, or none at all, is the lowest."""
        given = set(levels)
        return next((one for one in reversed(cls) if one in given), cls(cls.PUBLIC))

    @property
    def short_label(self) -> Promise:
        """Its name in a word."""
        return _SHORT_LABELS[self]

    def covers(self, level: str) -> bool:
        """Whether what is cleared for this level may receive what has the other."""
        return _RANKS.get(level, 0) <= _RANKS[self]


_RANKS: Mapping[str, int] = {level: rank for rank, level in enumerate(Sensitivity)}
_SHORT_LABELS: Mapping[str, Promise] = {
    Sensitivity.PUBLIC: pgettext_lazy("sensitivity", "Public"),
    Sensitivity.INTERNAL: pgettext_lazy("sensitivity", "Internal"),
    Sensitivity.RESTRICTED: pgettext_lazy("sensitivity", "Restricted"),
}

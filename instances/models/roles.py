"""The roles of people in an instance."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """The roles of an instance, from least to most rights."""

    # Asks questions and reads cited passages; cannot open documents.
    GUEST = "guest", _("Guest")
    MEMBER = "member", _("Member")
    EDITOR = "editor", _("Editor")
    ADMIN = "admin", _("Administrator")

    @property
    def rank(self) -> int:
        """The position from least to most rights, to compare roles."""
        return list(Role).index(self)

    @classmethod
    def at_least(cls, role: str) -> "list[Role]":
        """Return ``role`` and the roles above it."""
        return list(cls)[cls(role).rank :]

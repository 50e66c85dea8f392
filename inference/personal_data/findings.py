"""What was found in a text: kinds of personal data, and places."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """The kinds of personal data; values are sent to clients of the API and audited."""

    SOCIAL_SECURITY = "social_security_number", _("social security number")
    TAX = "tax_number", _("tax number")
    IDENTITY = "identity_number", _("identity document number")
    IBAN = "iban", _("bank account (IBAN)")
    CARD = "card_number", _("payment card number")
    ORGANISATION = "organisation_number", _("number of the organisation")
    MAIL = "mail_address", _("e-mail address")
    PHONE = "phone_number", _("telephone number")
    NAME = "name", _("name of a person")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Personal data of a kind at ``text[start:end]``.

    ``name`` is that of the organisation's pattern, "" for the other kinds.
    """

    start: int
    end: int
    kind: Kind
    name: str = ""

    @property
    def label(self) -> str:
        """The kind for readers, such as "telephone number"; or the name of the pattern."""
        return self.name or str(self.kind.label)

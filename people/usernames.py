"""User names: normalised, and never confusable with an e-mail address.

People are added to instances by user name or e-mail address. A user name with an ``@`` is therefore
only taken from a verified scoped identifier (``accounts.logins.scoped_attributes``).
"""

import unicodedata
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

MAX_USERNAME_CHARS: Final = 150
MAX_NAME_CHARS: Final = 150


def normalise_username(text: str) -> str:
    """Normalise a user name: NFKC, as Django does, in lower case."""
    lowered = unicodedata.normalize("NFKC", text).lower()
    return unicodedata.normalize("NFKC", lowered)


def looks_like_an_address(text: str) -> bool:
    """Whether ``text`` contains an ``@`` after normalisation."""
    return "@" in unicodedata.normalize("NFKC", text)


def validate_not_an_address(text: str) -> None:
    """Refuse a name that could be taken for an e-mail address. Raises ValidationError."""
    if looks_like_an_address(text):
        raise ValidationError(_("A name has no @."), code="at_sign")


def clean_chosen_username(text: str) -> str:
    """Normalise and validate a user name that a person entered. Raises ValidationError."""
    username = normalise_username(text)
    if looks_like_an_address(username):
        raise ValidationError(_("A user name has no @."), code="at_sign")
    if len(username) > MAX_USERNAME_CHARS:
        raise ValidationError(_("This user name is too long."), code="max_length")
    return username


def proposed_username(*, identifier: str, nickname: str = "") -> str:
    """The user name of a first login; "" if it must be derived from the person's names.

    ``identifier`` is the verified scoped identifier of the login, or "": only it may contain an
    ``@``. ``nickname`` is the name given by the service. An identifier is used unchanged or not at
    all: truncated or normalised, it could be that of another person.
    """
    own_name = "" if looks_like_an_address(nickname) else normalise_username(nickname)
    counted = identifier if normalise_username(identifier) == identifier else ""
    fitting = (name for name in (counted, own_name) if 0 < len(name) <= MAX_USERNAME_CHARS)
    return next(fitting, "")


def shown_name(text: str) -> str:
    """A first or last name from another service, cut to its column; "" if it contains ``@``."""
    return "" if looks_like_an_address(text) else text[:MAX_NAME_CHARS]


class UsernameField(models.CharField):
    """A column of user names, normalised on save and on lookup: ``Jeanne`` finds ``jeanne``."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text if text is None else normalise_username(text)

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Set the normalised value on the saved row."""
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value

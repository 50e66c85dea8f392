"""People. ``User`` has no foreign key to a tenant; rights are in ``instances.Membership``."""

import uuid
from collections.abc import Collection

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from people.search import searchable
from people.usernames import (
    MAX_NAME_CHARS,
    MAX_USERNAME_CHARS,
    UsernameField,
    normalise_username,
    validate_not_an_address,
)

# Accounts with a usable password: Django marks an unusable one with "!".
HAS_PASSWORD = ~Q(password="") & ~Q(password__startswith="!")  # noqa: S106 (no password)


class User(AbstractUser):
    """A person who signs in; ``is_staff`` marks an operator of the deployment."""

    class Theme(models.TextChoices):
        SYSTEM = "", _("As my device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    username = UsernameField(
        _("user name"),
        max_length=MAX_USERNAME_CHARS,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("This user name is taken. Choose another.")},
    )
    first_name = models.CharField(
        _("first name"),
        max_length=MAX_NAME_CHARS,
        blank=True,
        validators=[validate_not_an_address],
    )
    last_name = models.CharField(
        _("last name"), max_length=MAX_NAME_CHARS, blank=True, validators=[validate_not_an_address]
    )
    must_change_password = models.BooleanField(_("must change the password"), default=False)
    # False if an administrator of an instance entered the address: an account created with the
    # address of another person must not be added to other instances in that person's place.
    is_found_by_email = models.BooleanField(default=True, editable=False)
    # As asserted by an institution at the last login. It is not verified: notices are sent to it,
    # but people are not looked up by it.
    institution_email = models.EmailField(blank=True, default="", editable=False)
    # All sessions are bound to this value: changing it ends them.
    session_salt = models.CharField(max_length=32, blank=True, default="", editable=False)
    # Stands for the person in usage records (decision 025). Random and erased with the account, so
    # that nobody can find out later whose records they were.
    pseudonym = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    # "" follows the browser.
    language = models.CharField(
        _("language"), max_length=5, blank=True, choices=settings.LANGUAGES, default=""
    )
    theme = models.CharField(_("theme"), max_length=5, blank=True, choices=Theme, default="")

    class Meta(AbstractUser.Meta):
        constraints = [
            # For rows that are not written through ``UsernameField``.
            models.UniqueConstraint(
                Lower("username"),
                name="one_user_name_in_any_case",
                violation_error_message=_("This user name is taken. Choose another."),
            ),
            # One account with a password per address, so one hash at a login and one reset mail.
            models.UniqueConstraint(
                Lower("email"),
                name="one_account_with_a_password_per_address",
                condition=~Q(email="") & HAS_PASSWORD,
            ),
        ]
        indexes = [
            # For the list and search of members (instances.members.memberships).
            models.Index(fields=["last_name", "first_name", "username"], name="user_by_name"),
            # For the lookup of people (instances.members.lookup).
            models.Index(Lower("email"), name="user_by_address"),
            GinIndex(
                OpClass(searchable(), name="gin_trgm_ops"),
                name="user_search",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Leave the user name to ``validate_unique``, which names the field.

        ``UsernameField`` normalises case, so the constraint would repeat the message.
        """
        super().validate_constraints(exclude={*(exclude or ()), "username"})

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Return the normalised user name that Django saves."""
        return normalise_username(username)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Include the session salt in Django's hash."""
        key_salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        return salted_hmac(
            key_salt, f"{self.session_salt}{self.password}", secret=secret, algorithm="sha256"
        ).hexdigest()

    @property
    def notice_address(self) -> str:
        """The address to which mail for the person is sent, or ""; it may be unverified."""
        return self.email or self.institution_email

    @property
    def display_name(self) -> str:
        """The name shown to others."""
        return self.get_full_name() or self.username

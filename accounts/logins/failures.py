"""The texts of failed logins that SAML and OpenID Connect have in common, by code.

Codes are those of ``LoginError``. Each protocol has its page and further codes
(``accounts.saml.failure_pages``, ``accounts.oidc.failure_pages``).
"""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Failure:
    """The texts of a page: its title, what happened, what to do.

    ``again`` offers another attempt. ``names_us`` shows the entity ID of this site, for the IT
    support of the institution.
    """

    title: str | Promise
    sentence: str | Promise
    advice: str | Promise
    status: int = 403
    again: bool = True
    names_us: bool = False


COMMON_FAILURES: Final[dict[str, Failure]] = {
    "refused": Failure(
        _("Your institution's answer cannot be accepted"),
        _("The answer of your institution's login service does not pass our checks."),
        _("Try once more. If it fails again, send us the reference below."),
    ),
    "mfa": Failure(
        _("A second factor is required"),
        _("This place requires a login with two factors, and your institution did not confirm it."),
        _("Log in with your second factor. If you have none, your institution can give you one."),
    ),
    "affiliation": Failure(
        _("This place is for staff"),
        _("Your institution does not count you among the people who may enter here."),
        _("If you do belong to its staff, ask its IT support to correct your affiliation."),
        again=False,
    ),
    "not_invited": Failure(
        _("You are not invited here"),
        _("Your institution's people may enter, but not all of them."),
        _("Ask the people who run this place to let you in."),
        again=False,
    ),
    "idp_blocked": Failure(
        _("This institution cannot log in here"),
        _("It was switched off here, or has left its federation."),
        _("Choose another institution, or ask the people who run this site."),
    ),
    "linked_elsewhere": Failure(
        _("This login belongs to another account"),
        _("Somebody, perhaps you, already uses it with another account of this site."),
        _("Log in with it, and remove it from that account if you want it in this one."),
        again=False,
    ),
    "linking_ended": Failure(
        _("This login was not added"),
        _("You are no longer logged in to the account that it was to be added to."),
        _("Log in to that account and begin again, on the page of your ways to log in."),
        again=False,
    ),
}

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
        _("A login with two factors is required here, and your institution did not confirm it."),
        _("Log in with your second factor. If you have none, your institution can give you one."),
    ),
    "affiliation": Failure(
        _("Access is for staff only"),
        _("Your institution does not list you among the people who have access here."),
        _("If you do belong to its staff, ask its IT support to correct your affiliation."),
        again=False,
    ),
    "not_invited": Failure(
        _("You do not have access here"),
        _("Only some of the people of your institution have access."),
        _("Ask the people responsible for this instance to give you access."),
        again=False,
    ),
    "idp_blocked": Failure(
        _("Login through this institution is not possible"),
        _("It was disabled on this site, or has left its federation."),
        _("Choose another institution, or ask the people who run this site."),
    ),
    "linked_elsewhere": Failure(
        _("This login belongs to another account"),
        _("It is already linked to another account of this site, perhaps one of yours."),
        _("Log in with it, and remove it from that account if you want it in this one."),
        again=False,
    ),
    "linking_ended": Failure(
        _("This login was not added"),
        _("You are no longer logged in to the account to which it was to be added."),
        _("Log in to that account and start again on the page “Login methods”."),
        again=False,
    ),
}

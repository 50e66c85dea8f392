"""The page of each failure: what happened, and what to do now, in words and not in XML."""

import logging
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.errors import LoginError
from accounts.saml.keys import entity_id
from accounts.saml.models import IdentityProvider
from instances.models import Organisation

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """A page: its title, what happened, what to do.

    ``again`` offers another try; ``names_us`` tells the institution's IT support who we are.
    """

    title: str | Promise
    sentence: str | Promise
    advice: str | Promise
    status: int = 403
    again: bool = True
    names_us: bool = False


FAILURES: dict[str, Failure] = {
    "refused": Failure(
        _("Your institution's answer cannot be accepted"),
        _("The answer of your institution's login service does not pass our checks."),
        _("Try once more. If it fails again, send us the reference below."),
    ),
    "clock": Failure(
        _("The clocks do not agree"),
        _("Your institution's answer was made too long ago, or in the future."),
        _("Try once more, without waiting. If it fails again, its clock may be wrong: tell it so."),
    ),
    "idp_error": Failure(
        _("Your institution did not log you in"),
        _("Its login service answered with an error."),
        _("Try once more. If it fails again, ask your institution's IT support."),
    ),
    "unknown_to_idp": Failure(
        _("Your institution does not know this site yet"),
        _("Its login service does not answer requests of this site."),
        _(
            "Institutions learn of a new site from their federation, which takes up to a day."
            " If it lasts, ask your institution's IT support to let this site in."
        ),
        names_us=True,
    ),
    "mfa": Failure(
        _("A second factor is required"),
        _("This place requires a login with two factors, and your institution did not confirm it."),
        _("Log in with your second factor. If you have none, your institution can give you one."),
    ),
    "nothing_released": Failure(
        _("Your institution did not say who you are"),
        _("It logged you in, but released no identifier to this site."),
        _(
            "Ask its IT support to release “subject-id” or “eduPersonPrincipalName”"
            " and “eduPersonScopedAffiliation” to this site."
        ),
        again=False,
        names_us=True,
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
    "stale": Failure(
        _("This login has expired"),
        _("It began too long ago, or on a bookmark of your institution's login page."),
        _("Begin again here, and keep a bookmark of this site instead."),
        status=400,
    ),
    "used": Failure(
        _("This login has been used"),
        _("That happens after a double click, or with the browser's back button."),
        _("If you are logged in, go on. Otherwise begin again."),
        status=400,
    ),
    "cookie": Failure(
        _("Your browser did not keep our cookie"),
        _("The login came back without it, or from another browser than it left from."),
        _("Allow cookies for this site, stay in one browser, and begin again."),
        status=400,
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
    "unavailable": Failure(
        _("Logging in with an institution is not set up"),
        _("This site has no keys for it yet."),
        _("Ask the people who run this site."),
        status=503,
        again=False,
    ),
}


def failure_page(
    request: HttpRequest,
    error: LoginError,
    provider: IdentityProvider | None = None,
    organisation: Organisation | None = None,
) -> HttpResponse:
    """Log what happened and show its page, which says nothing of how it was found out.

    ``organisation`` is where the person was to log in: its contact helps, else the site's.
    """
    logger.warning(
        "login refused (%s, %s): %s",
        type(error).__name__,
        provider.entity_id if provider else "-",
        error,
    )
    return failure_by_code(request, error.code, provider, organisation)


def failure_by_code(
    request: HttpRequest,
    code: str,
    provider: IdentityProvider | None = None,
    organisation: Organisation | None = None,
) -> HttpResponse:
    """The page of a code of ``FAILURES``."""
    failure = FAILURES[code]
    context = {
        "failure": failure,
        "code": code,
        "provider": provider,
        "provider_name": provider.name_in(get_language() or "") if provider else "",
        "contact": (organisation and organisation.support_contact) or settings.SUPPORT_CONTACT,
        "entity_id": entity_id() if failure.names_us else "",
    }
    return render(request, "accounts/saml/failure.html", context, status=failure.status)

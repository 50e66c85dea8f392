"""The page of a failed SAML login: what happened, and what to do."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.logins.errors import LoginError
from accounts.logins.failures import COMMON_FAILURES, Failure
from accounts.logins.models.identity_providers import IdentityProvider
from accounts.saml.service_provider import entity_id
from instances.models import Organisation

logger = logging.getLogger(__name__)

FAILURES: dict[str, Failure] = COMMON_FAILURES | {
    "clock": Failure(
        _("The clocks do not agree"),
        _("Your institution's answer was made too long ago, or in the future."),
        _(
            "Try once more, without waiting. If it fails again, the clock of your institution may "
            "be wrong: report it to its IT support."
        ),
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
            "Institutions receive new sites from their federation within a day. If the problem "
            "persists, ask the IT support of your institution to allow this site."
        ),
        names_us=True,
    ),
    "nothing_released": Failure(
        _("Your institution did not send your identity"),
        _("It logged you in, but released no identifier to this site."),
        _(
            "Ask its IT support to release “subject-id” or “eduPersonPrincipalName”"
            " and “eduPersonScopedAffiliation” to this site."
        ),
        again=False,
        names_us=True,
    ),
    "stale": Failure(
        _("This login has expired"),
        _("It started too long ago, or from a bookmark of your institution's login page."),
        _("Start again here, and bookmark this site instead."),
        status=400,
    ),
    "used": Failure(
        _("This login has been used"),
        _("This happens after a double click, or with the back button of the browser."),
        _("If you are logged in, continue. Otherwise start again."),
        status=400,
    ),
    "cookie": Failure(
        _("Your browser did not send our cookie"),
        _("The login came back without it, or in another browser."),
        _("Allow cookies for this site, use the same browser throughout, and start again."),
        status=400,
    ),
    "unavailable": Failure(
        _("Logging in with an institution is not set up"),
        _("This site has no keys for it."),
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
    """Log the error and render its page, which does not show the technical reason.

    The contact shown is that of ``organisation``, where the person was to log in, else the site's.
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
    """Render the page of a code of ``FAILURES``."""
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

"""The page of a failed OpenID Connect login: what happened, and what to do."""

import logging

from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts.logins.errors import LoginError
from accounts.logins.failures import COMMON_FAILURES, Failure
from instances.models import Organisation

logger = logging.getLogger(__name__)

FAILURES: dict[str, Failure] = COMMON_FAILURES | {
    "unreachable": Failure(
        _("The login service does not answer"),
        _("This site could not reach it, or could not understand it."),
        _("Try again in a few minutes. If it lasts, send us the reference below."),
        status=503,
    ),
    "provider_error": Failure(
        _("The login service did not log you in"),
        _("It answered with an error of its own."),
        _("Try once more. If it fails again, ask the people who run that service."),
    ),
    "cancelled": Failure(
        _("You did not log in"),
        _(
            "You cancelled the login at the login service, or did not allow it to share your "
            "identity."
        ),
        _("Log in again, or choose another login method."),
    ),
    "stale": Failure(
        _("This login cannot continue"),
        _(
            "It started too long ago or in another browser, or is already complete: this happens "
            "with the back button of the browser."
        ),
        _("If you are logged in, continue. Otherwise start again."),
        status=400,
    ),
}


def failure_page(request: HttpRequest, error: LoginError, app: SocialApp) -> HttpResponse:
    """Log the error and render its page, which does not show the technical reason."""
    logger.warning("login refused (%s, %s): %s", type(error).__name__, app.provider_id, error)
    failure = FAILURES[error.code]
    context = {"failure": failure, "code": error.code, "app": app, "contact": _contact(app)}
    return render(request, "accounts/oidc/failure.html", context, status=failure.status)


def _contact(app: SocialApp) -> str:
    """Return the contact of the organisation, if only one uses this provider, else the site's."""
    organisations = list(Organisation.objects.filter(login_rules__oidc_provider=app).distinct()[:2])
    own = organisations[0].support_contact if len(organisations) == 1 else ""
    return own or settings.SUPPORT_CONTACT

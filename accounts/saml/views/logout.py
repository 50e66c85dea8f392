"""The endpoint to which IdPs send messages of a single logout."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.logins.errors import LoginError
from accounts.saml.failure_pages import failure_page
from accounts.saml.messages.logout import (
    end_named_sessions,
    is_logout_response,
    logout_response_url,
    read_logout_message,
)

logger = logging.getLogger(__name__)


@require_GET
@never_cache
def slo(request: HttpRequest) -> HttpResponse:
    """End the sessions of an IdP's LogoutRequest, or receive the response to ours."""
    try:
        message, provider = read_logout_message(request.META.get("QUERY_STRING", ""))
        if is_logout_response(message):
            return redirect(settings.ACCOUNT_LOGOUT_REDIRECT_URL)
        ended = end_named_sessions(message, provider)
    except LoginError as error:
        return failure_page(request, error)
    logger.info("%s ended %s sessions", provider.entity_id, ended)
    return redirect(logout_response_url(message, provider) or settings.ACCOUNT_LOGOUT_REDIRECT_URL)

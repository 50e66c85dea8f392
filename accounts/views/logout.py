"""Logout, here and at the institution or provider of the session."""

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.logins.models.sessions import SamlSession
from accounts.oidc.logout import take_logout_url
from accounts.saml.messages.logout import logout_request_url


@require_POST
@never_cache
def logout(request: HttpRequest) -> HttpResponse:
    """Log out here, then at the institution or provider if it supports that."""
    session_key = request.session.session_key or ""
    url = take_logout_url(session_key)
    session = (
        SamlSession.objects.select_related("identity_provider")
        .filter(session_key=session_key)
        .first()
    )
    get_adapter(request).logout(request)
    if session is not None and not url:
        url = logout_request_url(session)
    if not url:
        return redirect(settings.ACCOUNT_LOGOUT_REDIRECT_URL)
    # Not a redirect: the content security policy forbids forms that lead to another site.
    return render(request, "accounts/logout.html", {"url": url})

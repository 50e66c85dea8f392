"""Logging out, here and at the institution or provider that opened the session."""

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
    """Log out here, then at the institution or the provider if it offers that."""
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
    # No redirection: the content security policy lets no form lead to another site.
    return render(request, "accounts/logout.html", {"url": url})

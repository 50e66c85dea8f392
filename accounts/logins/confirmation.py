"""Reauthentication before people change their logins.

allauth requires a password or a second factor. People of an institution, who may have neither, log
in there again.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.logins.linking import recently_authenticated
from people.requests import logged_in_user

View = Callable[..., HttpResponseBase]


def confirm_url(request: HttpRequest, *, then: str) -> str:
    """Return the URL of the page that reauthenticates and then redirects to ``then``."""
    user = logged_in_user(request)
    account = SocialAccount.objects.filter(user=user).order_by("pk").first()
    if account is None or get_reauthentication_flows(user):
        return f"{reverse('account_reauthenticate')}?{urlencode({'next': then})}"
    return str(account.get_provider(request).get_login_url(request, next=then))


def confirmed(view: View) -> View:
    """Require a recent login for the view, also of people without a password."""

    @login_required
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not get_reauthentication_flows(request.user) and not recently_authenticated(request):
            return redirect(confirm_url(request, then=request.path))
        return view(request, *args, **kwargs)

    return wrapper

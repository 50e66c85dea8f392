"""The user's profile, language and theme."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms.passwords import PreferencesForm, ProfileForm
from people.models import User
from people.requests import logged_in_user
from web.next_page import next_page


@require_http_methods(["GET", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Name, language and theme."""
    form = ProfileForm(request.POST or None, instance=logged_in_user(request))
    if form.is_valid():
        user = form.save()
        with translation.override(user.language or translation.get_language()):
            messages.success(request, _("Saved."))
        return _remember_language(redirect("profile"), user)
    return render(request, "accounts/profile.html", {"form": form})


@require_POST
@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """Set the language or theme, then redirect to the previous page."""
    user = logged_in_user(request)
    form = PreferencesForm(request.POST, instance=user)
    if form.is_valid():
        form.save()
    return _remember_language(redirect(next_page(request)), user)


def _remember_language(response: HttpResponse, user: User) -> HttpResponse:
    """Set the language cookie too, for pages without login."""
    name = settings.LANGUAGE_COOKIE_NAME
    if user.language:
        response.set_cookie(
            name,
            user.language,
            max_age=365 * 24 * 3600,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    else:
        response.delete_cookie(name)
    return response

"""allauth's adapter: who may sign up, and what a change of password means here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import Provider
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from accounts.rules import rules_of
from accounts.saml.provider import SamlProvider

_MISMATCH = _("This user name, e-mail address or password is not right.")


class AccountAdapter(DefaultAccountAdapter):
    """Local accounts are created by administrators; nobody signs up by themselves."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _MISMATCH,
        "email_password_mismatch": _MISMATCH,
        "enter_current_password": _("This is not your current password."),
        "too_many_login_attempts": _("Too many attempts to log in. Try again in a few minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: Any, password: str) -> None:
        """Keep the password, which from now on only the person knows."""
        user.must_change_password = False
        super().set_password(user, password)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Go on to the instances."""
        return resolve_url("instances:home")


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """People of an institution get their account with their first login."""

    def list_providers(self, request: HttpRequest) -> list[Provider]:
        """Offer institutions on the login page only where a rule lets one in."""
        providers: list[Provider] = super().list_providers(request)
        if rules_of().exists():
            return providers
        return [provider for provider in providers if provider.id != SamlProvider.id]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        # The provider has checked the login rule; it opens no instance by itself.
        return bool(sociallogin.account.provider == SamlProvider.id)

"""Adapters of allauth: sign-up, logins, changes of password, second factors."""

import secrets
from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import Provider
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.logins.attempts import consume_attempt, reset_attempts
from accounts.logins.federated_login import record_claims
from accounts.logins.known_browsers import remember_browser
from accounts.logins.policy import rules_of
from accounts.logins.sessions import lengthen_session
from accounts.oidc.allauth_provider import OidcProvider
from accounts.saml.allauth_provider import SamlProvider
from accounts.webauthn_origin import site_host
from people.models import User
from web.client_address import client_address
from web.encryption import decrypt, encrypt

_MISMATCH = _("This user name, e-mail address or password is not right.")


class AccountAdapter(DefaultAccountAdapter):
    """Local accounts, which administrators create: there is no sign-up."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _MISMATCH,
        "email_password_mismatch": _MISMATCH,
        "enter_current_password": _("This is not your current password."),
        "too_many_login_attempts": _("Too many attempts to log in. Try again in a few minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        """Save a password chosen by the person, who need not change it at the next login."""
        user.must_change_password = False
        super().set_password(user, password)
        reset_attempts(self.request, user)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Redirect to the home page."""
        return resolve_url("administration:home")

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client address for rate limits; a Unix socket has none of its own."""
        return client_address(request) or "local"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt; ``authenticate`` subtracts it if the password is right."""
        name = credentials.get("username") or credentials.get("email") or ""
        self._login_failed_rl_usage = consume_attempt(request, name)
        if self._login_failed_rl_usage is None:
            raise self.validation_error("too_many_login_attempts")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link to reset a password; it does not depend on the Host header."""
        path = reverse("account_reset_password_from_key", args=["UID", "KEY"])
        return str(settings.SITE_URL + path.replace("UID-KEY", quote(key)))

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Send the link to the stored address of the account, not to ``email`` as it was typed."""
        super().send_password_reset_mail(user, user.email, context)

    def post_login(
        self, request: HttpRequest, user: User, *, signal_kwargs: Any, **kwargs: Any
    ) -> HttpResponse:
        """Store the verified claims of a login at another service, after the session has begun."""
        response: HttpResponse = super().post_login(
            request, user, signal_kwargs=signal_kwargs, **kwargs
        )
        login = (signal_kwargs or {}).get("sociallogin")
        if login is None:
            lengthen_session(request)
        else:
            record_claims(request, user, login)
        remember_browser(request, response, user)
        return response


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Accounts of people who log in at an institution, created at their first login."""

    def list_providers(self, request: HttpRequest) -> list[Provider]:
        """Return the providers with an enabled rule, for the login page."""
        rules = rules_of()
        apps = set(rules.exclude(oidc_provider=None).values_list("oidc_provider", flat=True))
        saml = rules.filter(oidc_provider=None).exists()
        return [
            provider
            for provider in super().list_providers(request)
            if (saml if provider.id == SamlProvider.id else provider.app.pk in apps)
        ]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        # The login rule has been checked; it does not admit to an instance by itself.
        return sociallogin.provider.id in (SamlProvider.id, OidcProvider.id)

    def generate_state_param(self, state: dict[str, Any]) -> str:
        """Return an unguessable state; ProConnect requires 32 characters or more."""
        return secrets.token_urlsafe(32)

    def get_requests_session(self) -> Any:
        """Return a session with a timeout and without redirects, which could leak our secret."""
        session = super().get_requests_session()
        session.max_redirects = 0
        return session


class MfaAdapter(DefaultMFAAdapter):
    """Second factors under the site's name."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code or key is not right. Try again."),
    }

    def encrypt(self, text: str) -> str:
        """Encrypt the seeds of authenticator apps and recovery codes."""
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The counterpart of ``encrypt``."""
        return decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        """Return the name that an authenticator app shows above the code."""
        return settings.SITE_NAME

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the relying party of WebAuthn: the host of SITE_URL, with the site's name."""
        return {"id": site_host(), "name": settings.SITE_NAME}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        return gettext("My key")

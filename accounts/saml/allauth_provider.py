"""The allauth provider for SAML: turns an authenticated subject into a login."""

from typing import Any

from allauth.socialaccount.providers.base import Provider, ProviderAccount
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.logins.models.identity_providers import SAML_PROVIDER_ID
from accounts.saml.messages.response import AuthenticatedSubject
from people.usernames import proposed_username, shown_name


class SamlAccount(ProviderAccount):
    """A login at an institution."""

    def to_str(self) -> str:
        data = self.account.extra_data
        return str(data.get("display_name") or data.get("identifier"))


class SamlProvider(Provider):
    """All institutions of the federations; one is chosen on the discovery page."""

    id = SAML_PROVIDER_ID
    name = _("My institution")
    account_class = SamlAccount
    uses_apps = False
    supports_redirect = True

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        query = {name: kwargs[name] for name in ("next",) if kwargs.get(name)}
        return reverse("saml:discovery") + (f"?{urlencode(query)}" if query else "")

    def redirect(
        self,
        request: HttpRequest,
        process: Any,
        next_url: Any = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        return redirect(self.get_login_url(request, next=next_url))

    def extract_uid(self, data: AuthenticatedSubject) -> str:
        return data.uid

    def extract_extra_data(self, data: AuthenticatedSubject) -> dict[str, Any]:
        """Return the data to store, to display it and re-evaluate rules; replaced at each login."""
        return {
            "identifier_type": data.identifier_type,
            "identifier": data.identifier,
            "issuer": data.issuer,
            "display_name": _first(data, "displayName") or _first(data, "cn"),
            "mail": _first(data, "mail"),
            "affiliations": sorted(data.affiliations),
            "authn_context": data.assertion.authn_context,
            "attributes": {name: list(values) for name, values in data.attributes.items()},
        }

    def extract_common_fields(self, data: AuthenticatedSubject) -> dict[str, Any]:
        # No e-mail address: it is not verified, and people are looked up by address.
        return {
            "username": proposed_username(identifier=data.principal_name),
            "first_name": shown_name(_first(data, "givenName")),
            "last_name": shown_name(_first(data, "sn") or _first(data, "displayName")),
        }


def _first(subject: AuthenticatedSubject, name: str) -> str:
    return next(iter(subject.attributes.get(name, ())), "")

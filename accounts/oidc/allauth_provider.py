"""The allauth provider for OpenID Connect: turns verified claims into a login."""

import json
import secrets
from typing import Any

from allauth.socialaccount.providers.oauth2.client import OAuth2Client
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.openid_connect.provider import (
    OpenIDConnectProvider,
    OpenIDConnectProviderAccount,
)
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property

from accounts.logins.models.login_rules import LoginRule
from accounts.logins.policy import REFEDS_MFA, scopes_bound_to
from accounts.oidc.configuration import Configuration, client_secret_of, configuration_of
from accounts.oidc.errors import AnswerRefused, MfaNotDone
from accounts.oidc.http import as_object, fetch
from accounts.oidc.subject import OidcSubject, subject_from
from accounts.oidc.tokens import verify, verify_id_token
from people.usernames import proposed_username, shown_name


class OidcAccount(OpenIDConnectProviderAccount):
    """A login at a provider."""

    def to_str(self) -> str:
        data = self.account.extra_data
        return str(data.get("display_name") or data.get("identifier"))


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """Reads the responses of a provider with stricter checks than allauth's.

    allauth does not check the id_token's signature, nonce, azp and age, nor the subject of the
    userinfo, and cannot read a signed userinfo.
    """

    def __init__(self, request: HttpRequest, provider: "OidcProvider") -> None:
        super().__init__(request, provider.app.provider_id)
        self._provider = provider

    def get_provider(self) -> "OidcProvider":
        """Return the provider of this adapter; allauth would query its row each time."""
        return self._provider

    @cached_property
    def configuration(self) -> Configuration:
        return configuration_of(self._provider.app)

    @property
    def openid_config(self) -> dict[str, Any]:
        """The stored endpoints in allauth's format; makes no request."""
        known = self.configuration
        return {
            "authorization_endpoint": known.authorization_endpoint,
            "token_endpoint": known.token_endpoint,
            "token_endpoint_auth_methods_supported": known.token_endpoint_auth_methods,
        }

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Return our redirect URI, which does not depend on the Host header."""
        return settings.SITE_URL + reverse("openid_connect_callback", args=[self.provider_id])

    def get_client(self, request: HttpRequest, app: Any) -> OAuth2Client:
        """Return the client that exchanges codes, with our decrypted secret."""
        client: OAuth2Client = super().get_client(request, app)
        client.consumer_secret = client_secret_of(app)
        return client

    def read(self, tokens: dict[str, Any], *, nonce: str, rule: LoginRule) -> OidcSubject:
        """Return the subject of a token response.

        Raises AnswerRefused, MfaNotDone, ProviderUnreachable or RequirementRefused.
        """
        provider = self._provider
        access_token = tokens["access_token"]
        if not isinstance(access_token, str):
            raise AnswerRefused("an invalid access token")
        id_token = verify_id_token(
            tokens.get("id_token", ""),
            self.configuration,
            client_id=provider.app.client_id,
            nonce=nonce,
            access_token=access_token,
        )
        subject = subject_from(
            id_token=id_token,
            userinfo=self._userinfo(access_token, id_token["sub"]),
            rule=rule,
            bound_scopes=scopes_bound_to(provider.app),
            mfa_classes=provider.mfa_classes,
        )
        if rule.require_mfa and not subject.second_factor:
            raise MfaNotDone(f"acr {id_token.get('acr')}, amr {id_token.get('amr')}")
        return subject

    def _userinfo(self, access_token: str, sub: str) -> dict[str, Any]:
        """Return the claims of the userinfo endpoint about ``sub``; {} without an endpoint."""
        url = self.configuration.userinfo_endpoint
        if not url:
            return {}
        accept = "application/json, application/jwt"
        media_type, body = fetch(url, Authorization=f"Bearer {access_token}", Accept=accept)
        if media_type == "application/jwt":
            client_id = self._provider.app.client_id
            claims = verify(
                body.decode("ascii", "replace"), self.configuration, client_id=client_id
            )
        else:
            claims = as_object(body, url)
        # Core 5.3.2: without this, the claims could be those of another person.
        if claims.get("sub") != sub:
            raise AnswerRefused("a userinfo about another subject")
        return claims


class OidcProvider(OpenIDConnectProvider):
    """A provider that an operator added; rule and nonce of a login are in allauth's state."""

    account_class = OidcAccount
    oauth2_adapter_class = OidcAdapter

    def get_oauth2_adapter(self, request: HttpRequest) -> OidcAdapter:
        return OidcAdapter(request, self)

    def begin(self, request: HttpRequest, *, rule: LoginRule, process: str, next_url: str) -> str:
        """Store what the response is checked against; return the URL of the provider's login.

        Raises ProviderUnreachable if the provider has not been discovered.
        """
        nonce = secrets.token_urlsafe(32)
        parameters = {"nonce": nonce} | (self._asking_for_mfa() if rule.require_mfa else {})
        # Some providers reject unknown parameters; without PKCE, the nonce protects the login.
        challenge = generate_code_challenge() if self.app.settings.get("pkce", True) else {}
        state = self.stash_redirect_state(
            request,
            process,
            next_url,
            {"rule": rule.pk, "nonce": nonce, "user": request.user.pk},
            pkce_code_verifier=challenge.pop("code_verifier", None),
        )
        adapter = self.get_oauth2_adapter(request)
        client = adapter.get_client(request, self.app)
        client.state = state
        return str(
            client.get_redirect_url(adapter.authorize_url, self.get_scope(), parameters | challenge)
        )

    @property
    def mfa_classes(self) -> list[str]:
        """The values of ``acr`` by which this provider asserts a second factor."""
        return [REFEDS_MFA, *self.app.settings.get("mfa_acr", [])]

    def _asking_for_mfa(self) -> dict[str, str]:
        """Return the parameters that request a second factor (OpenID Connect Core 1.0, 5.5.1.1).

        ``claims`` is sent only if an operator set the classes of this provider, since providers may
        reject unknown ones.
        """
        classes = self.app.settings.get("mfa_acr")
        if not classes:
            return {"acr_values": REFEDS_MFA}
        wanted = {"acr": {"essential": True, "values": classes}, "amr": {"essential": True}}
        return {"acr_values": " ".join(classes), "claims": json.dumps({"id_token": wanted})}

    def extract_uid(self, data: OidcSubject) -> str:
        return data.uid

    def extract_extra_data(self, data: OidcSubject) -> dict[str, Any]:
        """Return the claims to store for display; replaced at each login."""
        return {
            "identifier_type": "sub",
            "identifier": data.sub,
            "issuer": data.issuer,
            "display_name": _word(data, "name") or _word(data, "preferred_username"),
            "mail": _word(data, "email"),
            "affiliations": sorted(data.affiliations),
            "attributes": {name: list(values) for name, values in data.attributes.items()},
        }

    def extract_common_fields(self, data: OidcSubject) -> dict[str, Any]:
        # No e-mail address: it is not verified, and people are looked up by address.
        return {
            "username": proposed_username(
                identifier=data.principal_name, nickname=_word(data, "preferred_username")
            ),
            "first_name": shown_name(_word(data, "given_name")),
            "last_name": shown_name(_word(data, "family_name") or _word(data, "usual_name")),
        }

    def extract_email_addresses(self, data: OidcSubject) -> list[Any]:
        return []


def _word(subject: OidcSubject, name: str) -> str:
    return next(iter(subject.attributes.get(name, ())), "")

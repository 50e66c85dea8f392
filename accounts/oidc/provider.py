"""OpenID Connect as a provider of allauth: verified claims become a login."""

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
    """An identity at a provider."""

    def to_str(self) -> str:
        data = self.account.extra_data
        return str(data.get("display_name") or data.get("identifier"))


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """Reads what a provider answers; allauth trusts more of it than we do.

    It does not check the id_token's signature, nonce, azp and age, reads a userinfo for anybody,
    and cannot read one that is signed.
    """

    def __init__(self, request: HttpRequest, provider: "OidcProvider") -> None:
        super().__init__(request, provider.app.provider_id)
        self._provider = provider

    def get_provider(self) -> "OidcProvider":
        """The provider that made this; allauth would look for its row each time."""
        return self._provider

    @cached_property
    def configuration(self) -> Configuration:
        return configuration_of(self._provider.app)

    @property
    def openid_config(self) -> dict[str, Any]:
        """The endpoints, as allauth looks for them; no request is made."""
        known = self.configuration
        return {
            "authorization_endpoint": known.authorization_endpoint,
            "token_endpoint": known.token_endpoint,
            "token_endpoint_auth_methods_supported": known.token_endpoint_auth_methods,
        }

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Our address at the provider, which never depends on a Host header."""
        return settings.SITE_URL + reverse("openid_connect_callback", args=[self.provider_id])

    def get_client(self, request: HttpRequest, app: Any) -> OAuth2Client:
        """The client that exchanges codes, with our secret, which rows hold encrypted."""
        client: OAuth2Client = super().get_client(request, app)
        client.consumer_secret = client_secret_of(app)
        return client

    def read(self, tokens: dict[str, Any], *, nonce: str, rule: LoginRule) -> OidcSubject:
        """The subject of a token response.

        Raises AnswerRefused, MfaNotDone, ProviderUnreachable or RequirementRefused.
        """
        provider = self._provider
        access_token = tokens["access_token"]
        if not isinstance(access_token, str):
            raise AnswerRefused("an access token that is none")
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
        """The claims of the userinfo endpoint, about ``sub`` and nobody else; {} without one."""
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
        # Core 5.3.2: without this, one person's token could be answered with another's claims.
        if claims.get("sub") != sub:
            raise AnswerRefused("a userinfo about somebody else")
        return claims


class OidcProvider(OpenIDConnectProvider):
    """One provider that an operator added; its rule and its nonce travel in allauth's state."""

    account_class = OidcAccount
    oauth2_adapter_class = OidcAdapter

    def get_oauth2_adapter(self, request: HttpRequest) -> OidcAdapter:
        return OidcAdapter(request, self)

    def begin(self, request: HttpRequest, *, rule: LoginRule, process: str, next_url: str) -> str:
        """Remember what the answer must fit; return the URL at the provider to go to.

        Raises ProviderUnreachable before the provider has been discovered.
        """
        nonce = secrets.token_urlsafe(32)
        parameters = {"nonce": nonce} | (self._asking_for_mfa() if rule.require_mfa else {})
        # Some providers refuse parameters that they do not know; there the nonce has to do.
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
        """The values of ``acr`` that say that two factors were proved at this provider."""
        return [REFEDS_MFA, *self.app.settings.get("mfa_acr", [])]

    def _asking_for_mfa(self) -> dict[str, str]:
        """Parameters that ask for a second factor (OpenID Connect Core 1.0, 5.5.1.1).

        ``claims`` only where an operator named the provider's own classes: one that does not know
        them would refuse.
        """
        classes = self.app.settings.get("mfa_acr")
        if not classes:
            return {"acr_values": REFEDS_MFA}
        wanted = {"acr": {"essential": True, "values": classes}, "amr": {"essential": True}}
        return {"acr_values": " ".join(classes), "claims": json.dumps({"id_token": wanted})}

    def extract_uid(self, data: OidcSubject) -> str:
        return data.uid

    def extract_extra_data(self, data: OidcSubject) -> dict[str, Any]:
        """What is kept of a login, to show; renewed at each one."""
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
        # No e-mail address: it is not verified, and people are found by it.
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

"""Sessions of this site that began with a login at another service."""

from django.conf import settings
from django.db import models

from accounts.logins.models.identity_providers import IdentityProvider


class SamlSession(models.Model):
    """A session that began with a login at an IdP, with the data needed for a single logout."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saml_sessions"
    )
    identity_provider = models.ForeignKey(
        IdentityProvider, on_delete=models.CASCADE, related_name="sessions"
    )
    rule = models.ForeignKey(
        "accounts.LoginRule", on_delete=models.CASCADE, related_name="sessions"
    )
    session_key = models.CharField(max_length=40, db_index=True)
    # {value, format, name_qualifier, sp_name_qualifier}, {} without a NameID.
    name_id = models.JSONField(default=dict)
    session_index = models.CharField(max_length=500, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.user_id} by {self.identity_provider_id}"


class OidcSession(models.Model):
    """A session that began with a login at a provider, with the data needed for a logout."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="oidc_sessions"
    )
    rule = models.ForeignKey(
        "accounts.LoginRule", on_delete=models.CASCADE, related_name="oidc_sessions"
    )
    session_key = models.CharField(max_length=40, db_index=True)
    # Encrypted; the ``id_token_hint`` of a logout (OpenID Connect RP-Initiated Logout 1.0).
    id_token = models.TextField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.user_id} by rule {self.rule_id}"

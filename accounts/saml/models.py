"""SAML logins in progress."""

from django.conf import settings
from django.db import models

from accounts.logins.models.identity_providers import IdentityProvider


class SamlRequest(models.Model):
    """A login in progress, with the values that the response must have; stored only here."""

    request_id = models.CharField(max_length=64, unique=True)
    rule = models.ForeignKey("accounts.LoginRule", on_delete=models.CASCADE)
    identity_provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE)
    # The person who adds this login to their account; None: an ordinary login.
    linking_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    browser_digest = models.CharField(max_length=64, db_index=True)
    next_url = models.CharField(max_length=2000)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.request_id


class SamlPost(models.Model):
    """A response between the cross-site POST and the page that receives the cookies.

    At most one per request; a later response replaces it.
    """

    request = models.OneToOneField(SamlRequest, on_delete=models.CASCADE, related_name="post")
    token_digest = models.CharField(max_length=64, unique=True)
    saml_response = models.TextField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.token_digest[:12]


class SamlReplay(models.Model):
    """A used assertion, stored as long as it could be replayed."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digest[:12]

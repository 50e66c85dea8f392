"""Login rules: who may log in to an organisation, or to one instance, and by what."""

from allauth.socialaccount.models import SocialApp
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.saml.models import IdentityProvider, MetadataFeed
from instances.models import Instance, Organisation, staff_floor

_WAYS = ("identity_provider", "feed", "oidc_provider")


def _exactly_one_way() -> Q:
    condition = Q()
    for way in _WAYS:
        condition |= Q(**{f"{other}__isnull": other != way for other in _WAYS})
    return condition


class LoginRule(models.Model):
    """Who may log in to an organisation, or to one instance, and through what.

    Exactly one of: an IdP, any IdP of a feed, an OpenID Connect provider. It never makes anybody
    an administrator.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="login_rules"
    )
    instance = models.ForeignKey(
        Instance, null=True, blank=True, on_delete=models.CASCADE, related_name="login_rules"
    )
    identity_provider = models.ForeignKey(
        IdentityProvider, null=True, blank=True, on_delete=models.CASCADE, related_name="rules"
    )
    feed = models.ForeignKey(
        MetadataFeed, null=True, blank=True, on_delete=models.CASCADE, related_name="rules"
    )
    oidc_provider = models.ForeignKey(
        SocialApp,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="rules",
        verbose_name=_("OpenID Connect provider"),
    )
    # Empty: every scope that the IdP's metadata declares.
    allowed_scopes = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    # Empty: anybody, students included.
    affiliations = ArrayField(models.CharField(max_length=30), default=staff_floor, blank=True)
    # {attribute or claim: [values of which the person must have one]}
    required = models.JSONField(default=dict, blank=True)
    require_mfa = models.BooleanField(_("require a second factor"), default=False)
    is_enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_exactly_one_way(), name="rule_names_one_way_in"),
        ]

    def __str__(self) -> str:
        by = self.identity_provider_id or self.feed_id or self.oidc_provider_id
        return f"{self.organisation_id} by {by}"

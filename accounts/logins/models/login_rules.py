"""Login rules: who may log in to an organisation or an instance, and through which provider."""

from typing import Self

from allauth.socialaccount.models import SocialApp
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.logins.models.identity_providers import IdentityProvider, MetadataFeed
from instances.models import Affiliation, Instance, Organisation, staff_floor

_WAYS = ("identity_provider", "feed", "oidc_provider")


def _exactly_one_way() -> Q:
    condition = Q()
    for way in _WAYS:
        condition |= Q(**{f"{other}__isnull": other != way for other in _WAYS})
    return condition


class LoginRuleQuerySet(models.QuerySet):
    """Reads of login rules."""

    def with_sources(self) -> Self:
        """The rules, by organisation, with all that a list shows of them."""
        return (
            self.select_related("organisation", "instance", *_WAYS)
            .defer("identity_provider__xml", "identity_provider__search_text")
            .order_by("organisation__name", F("instance__name").asc(nulls_first=True), "pk")
        )


class LoginRule(models.Model):
    """Who may log in to an organisation or an instance, and through which provider.

    Exactly one of: an IdP, any IdP of a feed, an OpenID Connect provider. It never grants the
    role of administrator.
    """

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.CASCADE,
        related_name="login_rules",
        verbose_name=_("organisation"),
    )
    instance = models.ForeignKey(
        Instance,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="login_rules",
        verbose_name=_("instance"),
        help_text=_("Empty: the whole organisation."),
    )
    identity_provider = models.ForeignKey(
        IdentityProvider,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="rules",
        verbose_name=_("identity provider"),
        help_text=_("Choose one of: an identity provider, a feed, an OpenID Connect provider."),
    )
    feed = models.ForeignKey(
        MetadataFeed,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="rules",
        verbose_name=_("federation feed"),
    )
    oidc_provider = models.ForeignKey(
        SocialApp,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="rules",
        verbose_name=_("OpenID Connect provider"),
    )
    allowed_scopes = ArrayField(
        models.CharField(max_length=255),
        default=list,
        blank=True,
        verbose_name=_("domains"),
        help_text=_("Empty: every domain that the institution declares."),
    )
    affiliations = ArrayField(
        models.CharField(max_length=30),
        default=staff_floor,
        blank=True,
        verbose_name=_("affiliations"),
        help_text=_("Empty: everyone, including students."),
    )
    required = models.JSONField(
        _("required attributes"),
        default=dict,
        blank=True,
        help_text=_(
            "Attributes with their allowed values: a person must have at least one value of each."
        ),
    )
    require_mfa = models.BooleanField(_("require a second factor"), default=False)
    is_enabled = models.BooleanField(_("enabled"), default=True)

    objects = LoginRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("login rule")
        verbose_name_plural = _("login rules")
        constraints = [
            models.CheckConstraint(condition=_exactly_one_way(), name="rule_names_one_way_in"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation}: {self.source}"

    @property
    def source(self) -> IdentityProvider | MetadataFeed | SocialApp | None:
        """The provider or feed through which people log in."""
        return self.identity_provider or self.feed or self.oidc_provider

    @property
    def source_name(self) -> str:
        """The name of the provider or feed, for pages."""
        provider = self.identity_provider
        return provider.display_name if provider else getattr(self.source, "name", "")

    @property
    def affiliation_labels(self) -> list[str]:
        """The labels of the affiliations; unknown ones as they are."""
        return Affiliation.labels_of(self.affiliations)

"""SAML identity providers and the metadata feeds of federations."""

from typing import Final, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

# The value of allauth's ``SocialAccount.provider`` for logins through SAML.
SAML_PROVIDER_ID: Final = "saml"


class MetadataFeed(models.Model):
    """A federation's signed aggregate, and the result of its last refresh."""

    class State(models.TextChoices):
        DISABLED = "disabled", _("Disabled")
        NEW = "new", _("Not fetched yet")
        # Its IdPs are blocked.
        EXPIRED = "expired", _("Expired")
        # Its IdPs remain usable until its ``valid_until``, if it was fetched before.
        REFUSED = "refused", _("Last refresh refused")
        CURRENT = "current", _("Up to date")

    name = models.CharField(_("name"), max_length=100)
    url = models.URLField(_("address"), max_length=500, unique=True)
    # PEM certificates; there are several while a federation renews its own.
    certificates = models.TextField(_("pinned signing certificates"))
    # If two feeds contain the same entity, the lower number has precedence.
    priority = models.PositiveSmallIntegerField(_("priority"), default=10)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    attempted_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    refreshed_at = models.DateTimeField(_("last refresh"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    error = models.CharField(_("last error"), max_length=300, blank=True)

    class Meta:
        ordering = ["priority", "name"]
        verbose_name = _("federation feed")
        verbose_name_plural = _("federation feeds")

    def __str__(self) -> str:
        return self.name

    @property
    def is_usable(self) -> bool:
        """Whether logins through its IdPs are possible."""
        is_valid = self.valid_until is not None and self.valid_until > timezone.now()
        return self.is_enabled and is_valid

    @property
    def state(self) -> State:
        """The most important fact about the feed."""
        if not self.is_enabled:
            return self.State.DISABLED
        if self.is_usable:
            return self.State.REFUSED if self.error else self.State.CURRENT
        if self.valid_until is not None:
            return self.State.EXPIRED
        return self.State.REFUSED if self.error else self.State.NEW


class IdentityProviderQuerySet(models.QuerySet):
    """Reads of identity providers."""

    def usable(self) -> Self:
        """Identity providers that are enabled and whose metadata is still valid."""
        in_metadata = Q(feed=None) | Q(feed__is_enabled=True, feed__valid_until__gt=timezone.now())
        return self.filter(in_metadata, is_enabled=True, gone_at=None)


class IdentityProvider(models.Model):
    """One IdP; without a feed if an operator added its metadata."""

    class State(models.TextChoices):
        DISABLED = "disabled", _("Disabled")
        GONE = "gone", _("Left its federation")
        # Its feed is disabled, or past its ``valid_until``.
        BLOCKED = "blocked", _("Blocked with its feed")
        USABLE = "usable", _("Usable")

    feed = models.ForeignKey(
        MetadataFeed,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="providers",
        verbose_name=_("federation feed"),
    )
    entity_id = models.CharField(_("entity ID"), max_length=1024, unique=True)
    xml = models.TextField()
    sha256 = models.CharField(max_length=64)
    names = models.JSONField(_("names"), default=dict)
    search_text = models.TextField(blank=True)
    scopes = ArrayField(models.CharField(max_length=255), verbose_name=_("domains"), default=list)
    logo_url = models.CharField(max_length=500, blank=True)
    registration_authority = models.CharField(
        _("registration authority"), max_length=255, blank=True
    )
    error_url = models.CharField(max_length=1000, blank=True)
    sso_url = models.CharField(max_length=1000)
    slo_url = models.CharField(max_length=1000, blank=True)
    is_hidden = models.BooleanField(default=False)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    gone_at = models.DateTimeField(_("left its federation on"), null=True, blank=True)

    objects = IdentityProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("identity provider")
        verbose_name_plural = _("identity providers")
        indexes = [
            GinIndex(fields=["search_text"], name="idp_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return self.name_in("fr")

    @property
    def state(self) -> State:
        """Whether logins through it are possible (as ``usable``), and why not; reads the feed."""
        if not self.is_enabled:
            return self.State.DISABLED
        if self.gone_at is not None:
            return self.State.GONE
        if self.feed is not None and not self.feed.is_usable:
            return self.State.BLOCKED
        return self.State.USABLE

    @property
    def display_name(self) -> str:
        """The name in the language of the page."""
        return self.name_in(get_language() or "en")

    def name_in(self, language: str) -> str:
        """Return the display name in a language, else in English, else in any."""
        names: dict[str, str] = self.names
        return names.get(language) or names.get("en") or next(iter(names.values()), self.entity_id)

"""Identity providers and where they come from, and logins under way."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class MetadataFeed(models.Model):
    """A federation's signed aggregate, and how its last refresh went."""

    name = models.CharField(_("name"), max_length=100)
    url = models.URLField(_("address"), max_length=500, unique=True)
    # One or several PEM certificates, one after the other: federations renew theirs.
    certificates = models.TextField(_("pinned signing certificates"))
    # Where two feeds carry the same entity, the lower number wins.
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


class IdentityProviderQuerySet(models.QuerySet):
    """Reads of identity providers."""

    def usable(self) -> Self:
        """Those that may log people in: switched on, and in metadata that is still valid."""
        in_metadata = Q(feed=None) | Q(feed__is_enabled=True, feed__valid_until__gt=timezone.now())
        return self.filter(in_metadata, is_enabled=True, gone_at=None)


class IdentityProvider(models.Model):
    """One IdP; without a feed, one whose metadata an operator gave by hand."""

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

    def name_in(self, language: str) -> str:
        """The display name in a language, else in English, else in any."""
        names: dict[str, str] = self.names
        return names.get(language) or names.get("en") or next(iter(names.values()), self.entity_id)


class SamlRequest(models.Model):
    """A login under way: all that the answer must fit, kept here and nowhere else."""

    request_id = models.CharField(max_length=64, unique=True)
    rule = models.ForeignKey("accounts.LoginRule", on_delete=models.CASCADE)
    identity_provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE)
    # Who links this login to their account; None: a login.
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
    """A response on its way from the cross-site POST to the page where cookies are back.

    One a request: another one replaces it.
    """

    request = models.OneToOneField(SamlRequest, on_delete=models.CASCADE, related_name="post")
    token_digest = models.CharField(max_length=64, unique=True)
    saml_response = models.TextField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.token_digest[:12]


class SamlReplay(models.Model):
    """An assertion that has been used, remembered for as long as it could be used again."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digest[:12]


class SamlSession(models.Model):
    """A session here that an IdP's login opened, and what a logout needs to name it."""

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

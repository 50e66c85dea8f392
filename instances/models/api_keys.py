"""API keys of an instance."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from instances.models.base import InstanceOwnedModel


class ApiKey(InstanceOwnedModel):
    """A secret by which a program acts in an instance; only its digest is stored."""

    class Scope(models.TextChoices):
        CHAT = "chat", _("Ask questions and search")
        MANAGE = "manage", _("Ask, search, add and delete documents")

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope, default=Scope.CHAT)
    # Its questions come after those for which somebody waits (``inference.queueing``).
    is_batch = models.BooleanField(_("work that can wait"), default=False)
    # The owner, with whose access it ends. None: created by an operator's command.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(_("expires on"), null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # When the owner created or confirmed it in a session with a second factor, and what verified
    # that: "" for an authenticator of this site, else the source of a login (``Identity.source``).
    second_factor_at = models.DateTimeField(null=True, blank=True)
    second_factor_source = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    @property
    def is_valid(self) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (
            self.expires_at is None or self.expires_at > timezone.now()
        )

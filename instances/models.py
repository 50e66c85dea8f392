"""Organisations, their instances, and who may do what in each.

``InstanceOwnedModel`` is the base of every tenant table of the project; its rows are read with
``.for_instance(instance)`` inside ``tenancy.tenant(instance)``.
"""

from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Organisation(models.Model):
    """A university or another institution of the federation."""

    slug = models.SlugField(_("identifier"), unique=True, max_length=60)
    name = models.CharField(_("name"), max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Instance(models.Model):
    """A tenant: the documents, members, model and rules of one group of people."""

    class Strictness(models.TextChoices):
        LENIENT = "lenient", _("Broad: answers even from distant passages")
        BALANCED = "balanced", _("Balanced")
        STRICT = "strict", _("Strict: answers only from clearly relevant passages")

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="instances"
    )
    slug = models.SlugField(_("identifier"), unique=True, max_length=60)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=300, blank=True)
    welcome_text = models.TextField(_("welcome text"), max_length=2000, blank=True)
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default="fr"
    )
    accent_colour = models.CharField(
        _("accent colour"),
        max_length=7,
        blank=True,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")],
    )
    # "" is the deployment's default: its LLM when there is one, else extracts.
    model_id = models.CharField(_("model"), max_length=200, blank=True)
    instructions = models.TextField(_("instructions"), max_length=4000, blank=True)
    strictness = models.CharField(
        _("strictness"), max_length=10, choices=Strictness, default=Strictness.BALANCED
    )
    top_k = models.PositiveSmallIntegerField(
        _("passages per answer"),
        default=6,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class InstanceQuerySet(models.QuerySet):
    """Reads of tenant rows name their instance."""

    def for_instance(self, instance: Instance | int) -> Self:
        return self.filter(instance=instance)


class InstanceOwnedModel(models.Model):
    """A row that belongs to one instance, and that PostgreSQL shows to no other."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="+")

    objects = InstanceQuerySet.as_manager()

    class Meta:
        abstract = True


class Membership(InstanceOwnedModel):
    """What one person may do in one instance."""

    class Role(models.TextChoices):
        MEMBER = "member", _("Member")
        EDITOR = "editor", _("Editor")
        ADMIN = "admin", _("Administrator")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance", "user"], name="one_membership_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.instance_id}"

    @property
    def may_edit(self) -> bool:
        """Whether this person may add and delete documents."""
        return self.role in (self.Role.EDITOR, self.Role.ADMIN)

    @property
    def may_administer(self) -> bool:
        """Whether this person may change settings and members."""
        return self.role == self.Role.ADMIN


class ApiKey(InstanceOwnedModel):
    """A secret by which a program acts in one instance; only its digest is kept."""

    class Scope(models.TextChoices):
        CHAT = "chat", _("Ask questions and search")
        MANAGE = "manage", _("Ask, search, add and delete documents")

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope, default=Scope.CHAT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(_("expires on"), null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

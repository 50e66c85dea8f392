"""Invitations to an instance by a link."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from instances.models.base import InstanceOwnedModel
from instances.models.organisations import Instance
from instances.models.roles import Role


class Invitation(InstanceOwnedModel):
    """A single-use link by which a person joins an instance; only its digest is stored."""

    digest = models.CharField(max_length=64, unique=True)
    # The address to which it was sent; it does not verify the person who accepts.
    email = models.EmailField(_("e-mail address"), blank=True)
    note = models.CharField(_("for whom"), max_length=200, blank=True)
    role = models.CharField(
        _("role"),
        max_length=10,
        choices=[(role.value, role.label) for role in (Role.GUEST, Role.MEMBER, Role.EDITOR)],
        default=Role.GUEST,
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"))
    # The end of the membership; None: no end.
    membership_expires_at = models.DateTimeField(_("access until"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(role=Role.ADMIN), name="no_administrator_by_invitation"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation of {self.note or self.email or self.pk}"

    @property
    def makes_accounts(self) -> bool:
        """Whether an account can be created with it; not for a personal instance."""
        return self.instance.kind != Instance.Kind.PERSONAL

    @property
    def state(self) -> str:
        """``accepted``, ``revoked``, ``expired`` or ``open``."""
        if self.accepted_at is not None:
            return "accepted"
        # A deactivated person cannot use an invitation that they created.
        if self.revoked_at is not None or (self.created_by and not self.created_by.is_active):
            return "revoked"
        return "open" if self.expires_at > timezone.now() else "expired"

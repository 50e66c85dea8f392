"""Memberships: who may enter which instance."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from instances.models.access_rules import AccessRule
from instances.models.base import InstanceOwnedModel, InstanceQuerySet
from instances.models.roles import Role


class MembershipQuerySet(InstanceQuerySet):
    """Reads of memberships."""

    def current(self, now: datetime | Now | None = None) -> Self:
        """Memberships that have not ended."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now or timezone.now()))


class Membership(InstanceOwnedModel):
    """The role of a person in an instance."""

    Role = Role

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    # The rule that granted the membership; None: a person did.
    rule = models.ForeignKey(
        AccessRule, null=True, blank=True, on_delete=models.SET_NULL, related_name="memberships"
    )
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()  # type: ignore[misc]  # narrower than the base's

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance", "user"], name="one_membership_per_person"),
        ]
        indexes = [
            models.Index(fields=["instance", "-id"], name="membership_newest"),
            models.Index(
                fields=["expires_at"],
                name="membership_end",
                condition=Q(expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.instance_id}"

    @property
    def has_ended(self) -> bool:
        """Whether the membership has ended."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def may_read_documents(self) -> bool:
        """Whether this person may open documents, beyond cited passages."""
        return self.role != Role.GUEST

    @property
    def may_edit(self) -> bool:
        """Whether this person may add and delete documents, now."""
        return self.role in (Role.EDITOR, Role.ADMIN) and not self.instance.is_archived

    @property
    def may_review_answers(self) -> bool:
        """Whether this person may read how answers were rated, also in an archived instance."""
        return self.role in (Role.EDITOR, Role.ADMIN)

    @property
    def may_administer(self) -> bool:
        """Whether this person may change settings and members."""
        return self.role == Role.ADMIN

"""Memberships, access rules, invitations, API keys and identities."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from instances.models.base import InstanceOwnedModel, InstanceQuerySet
from instances.models.organisations import Instance


class Role(models.TextChoices):
    """The roles of an instance, from least to most rights."""

    # Asks questions and reads cited passages; cannot open documents.
    GUEST = "guest", _("Guest")
    MEMBER = "member", _("Member")
    EDITOR = "editor", _("Editor")
    ADMIN = "admin", _("Administrator")

    @property
    def rank(self) -> int:
        """The position from least to most rights, to compare roles."""
        return list(Role).index(self)

    @classmethod
    def at_least(cls, role: str) -> "list[Role]":
        """Return ``role`` and the roles above it."""
        return list(cls)[cls(role).rank :]


class Affiliation(models.TextChoices):
    """A person's affiliation with an institution (eduPerson 202208, 2.2.1)."""

    STAFF = "staff", _("Staff")
    EMPLOYEE = "employee", _("Employee")
    FACULTY = "faculty", _("Teaching staff")
    RESEARCHER = "researcher", _("Researcher")
    STUDENT = "student", _("Student")
    MEMBER = "member", _("Member (students included)")
    AFFILIATE = "affiliate", _("Affiliate")
    ALUM = "alum", _("Former student")


STAFF_FLOOR = (
    Affiliation.STAFF,
    Affiliation.EMPLOYEE,
    Affiliation.FACULTY,
    Affiliation.RESEARCHER,
)


def staff_floor() -> list[str]:
    """The affiliations of a new rule: the staff, without students."""
    return sorted(affiliation.value for affiliation in STAFF_FLOOR)


class AccessRule(InstanceOwnedModel):
    """Admits matching people with a role; never as administrators."""

    class Audience(models.TextChoices):
        ORGANISATION = "organisation", _("Anyone of our organisation")
        ORGANISATIONS = "organisations", _("Anyone of chosen organisations")
        FEDERATION = "federation", _("Anyone of a federation")
        EDUGAIN = "edugain", _("Anyone through eduGAIN")

    audience = models.CharField(_("who"), max_length=15, choices=Audience)
    # Of ORGANISATIONS: their numbers. Of FEDERATION: its registration authority.
    organisation_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    federation = models.CharField(_("federation"), max_length=255, blank=True)
    # Each non-empty filter narrows the audience.
    affiliations = ArrayField(
        models.CharField(max_length=30, choices=Affiliation), default=staff_floor, blank=True
    )
    scopes = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    # {attribute: [values of which the person must have one]}
    required = models.JSONField(default=dict, blank=True)
    role = models.CharField(
        _("role"),
        max_length=10,
        choices=[(role.value, role.label) for role in (Role.GUEST, Role.MEMBER, Role.EDITOR)],
        default=Role.MEMBER,
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(role=Role.ADMIN), name="no_administrator_by_attribute"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_audience_display()} → {self.get_role_display()}"


class MembershipQuerySet(InstanceQuerySet):
    """Reads of memberships."""

    def current(self, now: datetime | None = None) -> Self:
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
    def may_administer(self) -> bool:
        """Whether this person may change settings and members."""
        return self.role == Role.ADMIN


class Invitation(InstanceOwnedModel):
    """A single-use link by which a person joins an instance; only its digest is stored."""

    digest = models.CharField(max_length=64, unique=True)
    # Where it was sent, if it was; it does not verify who accepts.
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
        """Whether it lets people create an account; not for a personal instance."""
        return self.instance.kind != Instance.Kind.PERSONAL

    @property
    def state(self) -> str:
        """``accepted``, ``revoked``, ``expired`` or ``open``."""
        if self.accepted_at is not None:
            return "accepted"
        # A deactivated person cannot return by an own invitation.
        if self.revoked_at is not None or (self.created_by and not self.created_by.is_active):
            return "revoked"
        return "open" if self.expires_at > timezone.now() else "expired"


class ApiKey(InstanceOwnedModel):
    """A secret by which a program acts in an instance; only its digest is stored."""

    class Scope(models.TextChoices):
        CHAT = "chat", _("Ask questions and search")
        MANAGE = "manage", _("Ask, search, add and delete documents")

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope, default=Scope.CHAT)
    # The owner, with whose access it ends. None: created by an operator's command.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(_("expires on"), null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # When the owner created or confirmed it in a session with a second factor, and who verified
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


class Identity(models.Model):
    """The verified claims about a person at the last login by one source.

    Access rules are evaluated on these rows alone; ``instances.rules.identities`` writes them.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities"
    )
    # The login, such as "saml:<uid>".
    source = models.CharField(max_length=255)
    # The organisations whose login rules the person matches.
    organisation_ids = ArrayField(models.BigIntegerField(), default=list)
    # The registration authority of an identity provider from a federation's feed.
    federation = models.CharField(max_length=255, blank=True)
    scopes = ArrayField(models.CharField(max_length=255), default=list)
    affiliations = ArrayField(models.CharField(max_length=30), default=list)
    attributes = models.JSONField(default=dict)
    asserted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "source"], name="one_identity_per_login"),
        ]
        indexes = [GinIndex(fields=["organisation_ids"], name="identity_organisations")]

    def __str__(self) -> str:
        return f"{self.user_id} by {self.source[:20]}"

    @property
    def affiliation_labels(self) -> list[str]:
        """The labels of the affiliations; unknown ones as they are."""
        labels = dict(Affiliation.choices)
        return [str(labels.get(name, name)) for name in self.affiliations]

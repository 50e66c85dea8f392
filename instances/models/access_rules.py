"""Access rules, which admit people of institutions without an invitation."""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from instances.models.base import InstanceOwnedModel
from instances.models.roles import Role


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

    @classmethod
    def labels_of(cls, names: Iterable[str]) -> list[str]:
        """The labels of the affiliations; unknown ones as they are."""
        labels = dict(cls.choices)
        return [str(labels.get(name, name)) for name in names]


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

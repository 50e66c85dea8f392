"""Organisations, their instances, and the rights of people in each.

``InstanceOwnedModel`` is the base of every tenant table of the project; its rows are read with
``.for_instance(instance)`` inside ``tenancy.tenant(instance)``.
"""

from instances.models.access_rules import AccessRule, Affiliation, staff_floor
from instances.models.api_keys import ApiKey
from instances.models.audit import AuditEntry, AuditSeal
from instances.models.base import InstanceOwnedModel, InstanceQuerySet
from instances.models.charters import Charter, CharterAcceptance
from instances.models.claimed_runs import ClaimedRun
from instances.models.control import AccountControl
from instances.models.deletions import DeletionRecord
from instances.models.identities import Identity
from instances.models.instance_requests import InstanceRequest
from instances.models.invitations import Invitation
from instances.models.memberships import Membership
from instances.models.organisations import (
    Instance,
    InstanceTotals,
    Organisation,
    OrganisationAdministrator,
)
from instances.models.roles import Role
from instances.models.sensitivity import Sensitivity

__all__ = [
    "AccessRule",
    "AccountControl",
    "Affiliation",
    "ApiKey",
    "AuditEntry",
    "AuditSeal",
    "Charter",
    "CharterAcceptance",
    "ClaimedRun",
    "DeletionRecord",
    "Identity",
    "Instance",
    "InstanceOwnedModel",
    "InstanceQuerySet",
    "InstanceRequest",
    "InstanceTotals",
    "Invitation",
    "Membership",
    "Organisation",
    "OrganisationAdministrator",
    "Role",
    "Sensitivity",
    "staff_floor",
]

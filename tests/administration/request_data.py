"""The data of a request for an instance, and what the audit log records about it."""

from instances.models import AuditEntry, Organisation
from instances.tenancy import administering

REQUEST = {
    "name": "Research support",
    "purpose": "Questions about contracts.",
    "expected_members": 12,
    "sensitivity": "internal",
    "language": "en",
}


def audited_actions(organisation: Organisation) -> list[str]:
    """The actions in the audit log of the organisation, oldest first."""
    with administering(organisation):
        entries = AuditEntry.objects.filter(organisation_id=organisation.pk).order_by("at")
        return [entry.action for entry in entries]

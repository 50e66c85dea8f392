"""The three levels that have an audit log and usage charters: site, organisation, instance."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from django.db.models import QuerySet

from instances.models import AuditEntry, Charter, Instance, Organisation
from instances.tenancy import administering, overseeing, tenant


@dataclass(frozen=True)
class Level:
    """The whole site; or ``organisation``, or ``instance`` when one is given."""

    organisation: Organisation | None = None
    instance: Instance | None = None

    @property
    def name(self) -> str:
        """``site``, ``organisation`` or ``instance``."""
        if self.instance is not None:
            return "instance"
        return "site" if self.organisation is None else "organisation"

    def visible(self) -> AbstractContextManager[None]:
        """Run a transaction in which the level's part of the audit log is visible."""
        if self.instance is not None:
            return tenant(self.instance)
        if self.organisation is not None:
            return administering(self.organisation)
        return overseeing()

    def entries(self) -> QuerySet[AuditEntry]:
        """The audit entries of this level and of the levels below it."""
        if self.instance is not None:
            return AuditEntry.objects.filter(instance_id=self.instance.pk)
        if self.organisation is not None:
            return AuditEntry.objects.filter(organisation_id=self.organisation.pk)
        return AuditEntry.objects.all()

    def charters(self) -> QuerySet[Charter]:
        """Every version of the charter of this level alone, newest first."""
        return Charter.objects.filter(organisation=self.organisation, instance=self.instance)

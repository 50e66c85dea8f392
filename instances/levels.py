"""The three levels that have an audit log and usage charters, and pages about them.

The same views serve the whole site, an organisation and an instance; a ``Level`` says which rows
they show, what is around the page, and where its links lead.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from instances.models import AuditEntry, Charter, Instance, Organisation
from instances.tenancy import administering, overseeing, tenant


@dataclass(frozen=True)
class Level:
    """The whole site; or ``organisation``, or ``instance`` when one is given."""

    organisation: Organisation | None = None
    instance: Instance | None = None

    @property
    def name(self) -> str:
        """``site``, ``organisation`` or ``instance``: the beginning of its URLs' names."""
        if self.instance is not None:
            return "instance"
        return "site" if self.organisation is None else "organisation"

    @property
    def base_template(self) -> str:
        """The template around its pages; each has the blocks ``section_title`` and ``settings``."""
        return {
            "site": "administration/consoles/base_site_administration.html",
            "organisation": "administration/consoles/base_organisation.html",
            "instance": "administration/base_settings.html",
        }[self.name]

    def url(self, page: str, *arguments: Any) -> str:
        """The address of ``page`` ("audit", "charter", …) at this level."""
        place = self.instance or self.organisation
        named = (place.slug, *arguments) if place else arguments
        return reverse(f"administration:{self.name}_{page}", args=named)

    def visible(self) -> AbstractContextManager[None]:
        """Run a transaction in which the level's part of the audit log is visible."""
        if self.instance is not None:
            return tenant(self.instance)
        if self.organisation is not None:
            return administering(self.organisation)
        return overseeing()

    def entries(self) -> QuerySet[AuditEntry]:
        """Its part of the audit log: what happened there, and at the levels below."""
        if self.instance is not None:
            return AuditEntry.objects.filter(instance_id=self.instance.pk)
        if self.organisation is not None:
            return AuditEntry.objects.filter(organisation_id=self.organisation.pk)
        return AuditEntry.objects.all()

    def charters(self) -> QuerySet[Charter]:
        """Every version of its charter, the newest first; not those of other levels."""
        return Charter.objects.filter(organisation=self.organisation, instance=self.instance)

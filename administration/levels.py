"""Pages that exist at three levels: the site, an organisation, an instance.

``at_each_level`` makes one view function serve the three, each with its own access check.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from instances.access.administration import operator_view, organisation_view
from instances.access.gates import instance_view
from instances.levels import Level
from instances.models import Membership, Organisation

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class PageLevel(Level):
    """A level, with the URLs and the base template of its pages."""

    @property
    def base_template(self) -> str:
        """The template to extend; it has the blocks ``section_title`` and ``settings``."""
        return {
            "site": "administration/consoles/base_site_administration.html",
            "organisation": "administration/consoles/base_organisation.html",
            "instance": "administration/base_settings.html",
        }[self.name]

    def context(self, section: str) -> dict[str, Any]:
        """What the templates of all its pages need; ``section`` is the tab."""
        return {"level": self, "base_template": self.base_template, "section": section}

    def url(self, page: str, *arguments: Any) -> str:
        """The URL of ``page`` ("audit", "charter", …) at this level."""
        place = self.instance or self.organisation
        all_arguments = (place.slug, *arguments) if place else arguments
        return reverse(f"administration:{self.name}_{page}", args=all_arguments)


@dataclass(frozen=True)
class LevelViews:
    """The views of one page: for operators, an organisation's and an instance's administrators."""

    site: View
    organisation: View
    instance: View


def at_each_level(view: View) -> LevelViews:
    """Make ``view(request, level, …)`` the views of one page at the three levels."""

    @operator_view
    @wraps(view)
    def site(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        return view(request, PageLevel(), **kwargs)

    @organisation_view
    @wraps(view)
    def organisation(
        request: HttpRequest, organisation: Organisation, **kwargs: Any
    ) -> HttpResponseBase:
        return view(request, PageLevel(organisation=organisation), **kwargs)

    @instance_view("admin")
    @wraps(view)
    def instance(request: HttpRequest, membership: Membership, **kwargs: Any) -> HttpResponseBase:
        return view(request, PageLevel(instance=membership.instance), **kwargs)

    return LevelViews(site, organisation, instance)

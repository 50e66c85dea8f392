"""One view for three levels: who may open it at each is decided here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from instances.access.administration import operator_view, organisation_view
from instances.access.gates import instance_view
from instances.levels import Level
from instances.models import Membership, Organisation

View = Callable[..., HttpResponseBase]


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
        return view(request, Level(), **kwargs)

    @organisation_view
    @wraps(view)
    def organisation(
        request: HttpRequest, organisation: Organisation, **kwargs: Any
    ) -> HttpResponseBase:
        return view(request, Level(organisation=organisation), **kwargs)

    @instance_view("admin")
    @wraps(view)
    def instance(request: HttpRequest, membership: Membership, **kwargs: Any) -> HttpResponseBase:
        return view(request, Level(instance=membership.instance), **kwargs)

    return LevelViews(site, organisation, instance)

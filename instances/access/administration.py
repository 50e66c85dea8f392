"""Who may manage an organisation or the whole site: the one place where such a view asks."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from instances.models import Organisation
from instances.tenancy import administering, overseeing

View = Callable[..., HttpResponseBase]


def get_administered(user: Any, slug: str) -> Organisation:
    """Return the organisation, if ``user`` administers it or operates the site; else Http404."""
    organisation = administered_by(user).filter(slug=slug).first()
    if organisation is None:
        raise Http404
    return organisation


def administered_by(user: Any) -> QuerySet[Organisation]:
    """The organisations that a person may manage: an operator, all of them."""
    if not user.is_authenticated:
        return Organisation.objects.none()
    if user.is_staff:
        return Organisation.objects.all()
    return Organisation.objects.filter(administrators__user=user)


def organisation_view(view: View) -> View:
    """Make ``view(request, organisation, …)`` a Django view of ``<slug:organisation>/…``.

    For its administrators and operators; 404 for anybody else. It runs inside
    ``administering(organisation)``: rights are at hand there, and nothing that people wrote or
    uploaded. ``request.organisation`` is set for templates.
    """

    @login_required
    @wraps(view)
    def wrapper(request: HttpRequest, organisation: str, **kwargs: Any) -> HttpResponseBase:
        found = get_administered(request.user, organisation)
        request.organisation = found  # type: ignore[attr-defined]  # ours
        with administering(found):
            return view(request, found, **kwargs)

    return wrapper


def operator_view(view: View) -> View:
    """Make ``view(request, …)`` a page of the site's operators; 404 for anybody else.

    It runs inside ``overseeing()``: the whole audit log is at hand.
    """

    @login_required
    @wraps(view)
    def wrapper(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_staff:
            raise Http404
        with overseeing():
            return view(request, **kwargs)

    return wrapper

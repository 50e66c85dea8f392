"""Access to the consoles: who may manage an organisation or the whole site."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from instances.models import Organisation
from instances.tenancy import administering, overseeing
from people.models import User

View = Callable[..., HttpResponseBase]


def enter_organisation(request: HttpRequest, slug: str) -> Organisation:
    """Return the organisation, if the user administers it or operates the site; else Http404.

    ``request.organisation`` is set for templates.
    """
    organisation = administered_by(request.user).filter(slug=slug).first()
    if organisation is None:
        raise Http404
    request.organisation = organisation  # type: ignore[attr-defined]  # ours
    return organisation


def administered_by(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """The organisations that a person may manage; operators may manage all."""
    if not user.is_authenticated:
        return Organisation.objects.none()
    if user.is_staff:
        return Organisation.objects.all()
    return Organisation.objects.filter(administrators__user=user)


def organisation_view(view: View) -> View:
    """Make ``view(request, organisation, …)`` a Django view of ``<slug:organisation>/…``.

    For its administrators and operators; 404 for others. It runs inside
    ``administering(organisation)``, where rights are visible and tenant content is not.
    ``request.organisation`` is set for templates.
    """

    @login_required
    @wraps(view)
    def wrapper(request: HttpRequest, organisation: str, **kwargs: Any) -> HttpResponseBase:
        found = enter_organisation(request, organisation)
        with administering(found):
            return view(request, found, **kwargs)

    return wrapper


def operator_view(view: View) -> View:
    """Make ``view(request, …)`` a page of operators; 404 for others.

    It runs inside ``overseeing()``, where the whole audit log is visible.
    """

    @wraps(view)
    def in_transaction(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        with overseeing():
            return view(request, **kwargs)

    return operator_view_without_transaction(in_transaction)


def operator_view_without_transaction(view: View) -> View:
    """Make ``view(request, …)`` a page of operators that waits for another server; 404 for others.

    The view opens ``overseeing()`` itself, but not while it waits.
    """

    @login_required
    @wraps(view)
    def wrapper(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_staff:
            raise Http404
        return view(request, **kwargs)

    return wrapper

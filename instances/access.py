"""Who may enter an instance, and with which rights: the one place where a view asks.

A person who is not a member gets the same 404 as for an instance that does not exist; a member
whose role is too low gets 403.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from instances.models import Membership
from instances.tenancy import as_user, in_database, tenant

P = ParamSpec("P")
R = TypeVar("R")

# As written, ``view(request, membership, …)``; as Django calls it, ``view(request, slug=…, …)``.
InstanceView = Callable[..., HttpResponseBase]
View = Callable[..., HttpResponseBase]

RANK = {Membership.Role.MEMBER: 0, Membership.Role.EDITOR: 1, Membership.Role.ADMIN: 2}
# "Last use" on the home page needs no finer clock, and a click then costs no write.
USE_IS_RECORDED_EVERY = timedelta(minutes=10)


def get_membership(user: Any, slug: str) -> Membership:
    """Return the membership of ``user`` in the instance, with its organisation loaded.

    Raises Http404 for an unknown instance and for a stranger alike.
    """
    if not user.is_authenticated:
        raise Http404
    memberships = Membership.objects.select_related("instance__organisation")
    with as_user(user.pk):
        membership = memberships.filter(user_id=user.pk, instance__slug=slug).first()
    if membership is None:
        raise Http404
    membership.user = user
    return membership


async def aget_membership(user: Any, slug: str) -> Membership:
    """``get_membership`` for an async view."""
    return await in_database(get_membership, user, slug)


async def as_member(
    user: Any,
    slug: str,
    function: Callable[Concatenate[Membership, P], R],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Await ``function(membership, …)`` inside the instance's tenant, for an async view.

    One visit to the database instead of two. Raises Http404 as ``get_membership`` does.
    """

    def call() -> R:
        membership = get_membership(user, slug)
        with tenant(membership.instance):
            return function(membership, *args, **kwargs)

    return await in_database(call)


def require_editor(membership: Membership) -> None:
    """Raise PermissionDenied unless the person may add and delete documents."""
    require_role(membership, Membership.Role.EDITOR)


def require_admin(membership: Membership) -> None:
    """Raise PermissionDenied unless the person may change settings and members."""
    require_role(membership, Membership.Role.ADMIN)


def require_role(membership: Membership, role: str) -> None:
    """Raise PermissionDenied unless the membership's role is ``role`` or above."""
    if RANK[Membership.Role(membership.role)] < RANK[Membership.Role(role)]:
        raise PermissionDenied(
            _("Your role in this instance does not allow this. Ask one of its administrators.")
        )


def record_use(membership: Membership) -> None:
    """Note, inside ``tenant()``, that the person is using the instance."""
    now = timezone.now()
    last = membership.last_used_at
    if last is None or now - last > USE_IS_RECORDED_EVERY:
        Membership.objects.for_instance(membership.instance).filter(pk=membership.pk).update(
            last_used_at=now
        )


def instance_view(role: str = Membership.Role.MEMBER) -> Callable[[InstanceView], View]:
    """Make ``view(request, membership, …)`` a Django view of ``<slug:slug>/…``.

    The person must be logged in and hold ``role`` or above. The view runs inside
    ``tenant(instance)``, so it must return an already rendered response; ``request.membership`` is
    set for templates.
    """

    def decorator(view: InstanceView) -> View:
        @login_required
        @wraps(view)
        def wrapper(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
            membership = get_membership(request.user, slug)
            # Before the role is judged, so that a 403 can name whom to ask.
            request.membership = membership  # type: ignore[attr-defined]  # ours
            require_role(membership, role)
            with tenant(membership.instance):
                record_use(membership)
                return view(request, membership, **kwargs)

        return wrapper

    return decorator

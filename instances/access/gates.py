"""Access to an instance: every view of an instance checks it here.

``enter`` makes these checks in order:

1. A person who is not a member, and whom no access rule admits, gets the same 404 as for an
   instance that does not exist.
2. A closed instance (suspended, being deleted, its organisation switched off) gives 403 with the
   reason; an archived one for everything but reading.
3. A required step (second factor, usage charter) raises ``StepRequired``.
4. A member whose role is too low gets 403.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField, CharField, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from instances.access import second_factor
from instances.access.charters import is_pending
from instances.models import ApiKey, Instance, Membership, Role
from instances.notifications import administrators_of
from instances.rules.joining import join_by_rule
from instances.tenancy import as_user, in_database, tenant
from people.models import User
from web.postgresql.prepared import Parameter, PreparedQuery

P = ParamSpec("P")
R = TypeVar("R")

# The type of a view as written, ``view(request, membership, …)``, and as Django calls it,
# ``view(request, slug=…, …)``.
InstanceView = Callable[..., HttpResponseBase]
View = Callable[..., HttpResponseBase]

# Filters tenant rows to those of open instances.
IN_AN_OPEN_INSTANCE = Q(
    instance__status__in=(Instance.Status.ACTIVE, Instance.Status.ARCHIVED),
    instance__organisation__is_enabled=True,
)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# Interval between two writes of the "last use" shown on the home page.
USE_IS_RECORDED_EVERY = timedelta(minutes=10)
# In the sentence that refuses something to a member.
NAMED_ADMINISTRATORS = 3


class StepRequired(Exception):
    """The person may enter after a step at ``url``, to which the middleware redirects.

    ``code`` names the step for scripts: ``second_factor``, ``charter``. ``home`` is where to
    continue when the request cannot be repeated.
    """

    def __init__(self, code: str, message: str, url: str, home: str) -> None:
        super().__init__(message)
        self.code, self.message, self.url, self.home = code, message, url, home


def get_membership(user: User | AnonymousUser, slug: str) -> Membership:
    """Return the membership of ``user`` in the instance, with its organisation loaded.

    A person whom an access rule admits becomes a member here. Raises Http404 for an unknown
    instance, and equally for a person without access.
    """
    if not user.is_authenticated:
        raise Http404
    membership = _find_membership(user, slug)
    if membership is None and join_by_rule(user, slug):
        membership = _find_membership(user, slug)
    if membership is None:
        raise Http404
    membership.user = user
    return membership


def enter(
    request: HttpRequest,
    user: User | AnonymousUser,
    slug: str,
    *,
    role: str = Role.MEMBER,
    even_if_closed: bool = False,
) -> Membership:
    """Return the membership by which ``user`` may do ``request`` in the instance.

    ``even_if_closed`` is for the pages on which administrators reopen or delete it. Records the
    use. Raises Http404, PermissionDenied or StepRequired as described above.
    """
    membership = get_membership(user, slug)
    # Set before the checks, so that a 403 page can name the contact.
    request.membership = membership  # type: ignore[attr-defined]  # ours
    if not even_if_closed:
        _require_open(membership.instance, request.method or "")
    _require_steps(request, membership)
    require_role(membership, role)
    record_use(membership)
    return membership


async def aenter(request: HttpRequest, slug: str, *, role: str = Role.MEMBER) -> Membership:
    """``enter`` for an async view."""
    user = await request.auser()
    return await in_database(enter, request, user, slug, role=role)


async def as_member(
    request: HttpRequest,
    slug: str,
    function: Callable[Concatenate[Membership, P], R],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Await ``function(membership, …)`` inside the instance's tenant, for an async view.

    Uses one database connection for both; guests may enter. Raises the errors of ``enter``.
    """
    user = await request.auser()

    def call() -> R:
        membership = enter(request, user, slug, role=Role.GUEST)
        with tenant(membership.instance):
            return function(membership, *args, **kwargs)

    return await in_database(call)


def require_role(membership: Membership, role: str) -> None:
    """Raise PermissionDenied unless the membership's role is ``role`` or above."""
    if membership.role not in Role.at_least(role):
        people = administrators_of(membership.instance)[:NAMED_ADMINISTRATORS]
        names = ", ".join(person.display_name for person in people)
        sentence = (
            _("Your role in “%(instance)s” does not allow this. Ask an administrator: %(names)s.")
            if names
            else _("Your role in “%(instance)s” does not allow this. It has no administrator.")
        )
        raise PermissionDenied(sentence % {"instance": membership.instance.name, "names": names})


def may_still_enter(user_id: int, instance: Instance, *, role: str = Role.GUEST) -> bool:
    """Whether a member could enter now, with ``role`` or above.

    For streams of events, which continue after the request was admitted.
    """
    with tenant(instance):
        return (
            Membership.objects.for_instance(instance)
            .current()
            .filter(
                IN_AN_OPEN_INSTANCE,
                user=user_id,
                user__is_active=True,
                role__in=Role.at_least(role),
            )
            .exists()
        )


def closed_code(instance: Instance) -> str:
    """The code of the reason why the instance is closed; "" if it is open."""
    if not instance.organisation.is_enabled:
        return "organisation_disabled"
    closed = (Instance.Status.DELETING, Instance.Status.SUSPENDED)
    return f"instance_{instance.status}" if instance.status in closed else ""


def closed_reason(instance: Instance) -> str:
    """The translated reason why the instance is closed; "" if it is open."""
    if not instance.organisation.is_enabled:
        return _("The organisation of this instance is disabled on this site.")
    if instance.status == Instance.Status.DELETING:
        return _("This instance is closed and will be deleted.")
    if instance.status == Instance.Status.SUSPENDED:
        return _("This instance is suspended.") + (
            f" {instance.status_reason}" if instance.status_reason else ""
        )
    return ""


def archived_reason() -> str:
    """Why nothing may be written into an archived instance."""
    return _("This instance is archived: it is read-only, without questions or new documents.")


def instance_view(
    role: str = Role.MEMBER, *, even_if_closed: bool = False
) -> Callable[[InstanceView], View]:
    """Make ``view(request, membership, …)`` a Django view of ``<slug:slug>/…``.

    The person must be logged in, pass the checks and have ``role`` or above. The view runs inside
    ``tenant(instance)``, so it must return an already rendered response; ``request.membership`` is
    set for templates.
    """

    def decorator(view: InstanceView) -> View:
        @login_required
        @wraps(view)
        def wrapper(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
            membership = enter(
                request, request.user, slug, role=role, even_if_closed=even_if_closed
            )
            with tenant(membership.instance):
                return view(request, membership, **kwargs)

        return wrapper

    return decorator


def record_use(access: Membership | ApiKey) -> None:
    """Record the last use of a membership or key and of its instance, every ten minutes at most."""
    now = timezone.now()
    if access.last_used_at is None or now - access.last_used_at > USE_IS_RECORDED_EVERY:
        with tenant(access.instance_id):
            rows = type(access).objects.for_instance(access.instance_id)
            rows.filter(pk=access.pk).update(last_used_at=now)
            Instance.objects.filter(pk=access.instance_id).update(
                last_used_at=now, disuse_noticed_at=None
            )


def _find_membership(user: User, slug: str) -> Membership | None:
    with as_user(user.pk):
        memberships = _memberships.rows(user_id=user.pk, slug=slug)
    return memberships[0] if memberships else None


def _membership_of(user_id: Parameter, slug: Parameter) -> QuerySet[Membership]:
    """The membership, unless it has expired, with its instance and whether a charter is pending."""
    return (
        Membership.objects.current(Now())
        .select_related("instance__organisation")
        .annotate(charter_is_pending=is_pending(OuterRef(OuterRef("user"))))
        .filter(user_id=user_id, instance__slug=slug)
        # There is one at most.
        .order_by()
    )


_memberships = PreparedQuery(_membership_of, user_id=BigIntegerField(), slug=CharField())


def _require_open(instance: Instance, method: str) -> None:
    if reason := closed_reason(instance):
        raise PermissionDenied(reason)
    if instance.is_archived and method not in SAFE_METHODS:
        raise PermissionDenied(archived_reason())


def _require_steps(request: HttpRequest, membership: Membership) -> None:
    instance = membership.instance
    home = f"/i/{instance.slug}/"
    wanted = second_factor.is_required(instance, membership.role)
    if wanted and not second_factor.has_second_factor(request):
        raise StepRequired(
            "second_factor",
            _("This instance requires a second factor. Log in with one, then come back."),
            reverse("second_factor"),
            home,
        )
    if membership.charter_is_pending:  # type: ignore[attr-defined]  # annotated above
        raise StepRequired(
            "charter",
            _("Read and accept the usage charter first. Reload this page to see it."),
            reverse("administration:charter", args=[instance.slug]),
            home,
        )

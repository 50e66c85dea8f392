"""Make, approve, refuse and withdraw requests for instances; create personal instances."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from administration.offers import offer_in
from instances import audit, notifications
from instances.errors import AlreadyRequested, CreationClosed, InstanceLimit, RequestDecided
from instances.models import Instance, InstanceRequest, Organisation
from instances.organisations.creation import create_instance
from people.models import User

_STATUS = InstanceRequest.Status


def request_instance(
    *,
    user: User,
    organisation: Organisation,
    name: str,
    purpose: str,
    expected_members: int,
    sensitivity: str,
    language: str,
) -> InstanceRequest:
    """Request an instance; where no approval is needed, it is created and set as ``instance``.

    Raises CreationClosed, AlreadyRequested or InstanceLimit.
    """
    offer = offer_in(organisation, user)
    if not offer.instance:
        raise CreationClosed(organisation.slug)
    with transaction.atomic():
        # Locked, so that a repeated request finds the first one.
        _lock(organisation)
        _refuse_second(user, organisation, name)
        _refuse_beyond_limit(organisation)
        request: InstanceRequest = InstanceRequest.objects.create(
            organisation=organisation,
            requested_by=user,
            name=name,
            purpose=purpose,
            expected_members=expected_members,
            sensitivity=sensitivity,
            language=language,
        )
        audit.record(
            audit.Action.INSTANCE_REQUESTED,
            organisation=organisation,
            target=audit.Target.of(request, name),
            purpose=purpose,
            expected_members=expected_members,
            sensitivity=sensitivity,
        )
        if offer.at_once:
            _create(request, by=user)
        else:
            notifications.request_pending(request)
    return request


def approve(request: InstanceRequest, *, by: User) -> None:
    """Approve the request and create its instance. Raises RequestDecided or InstanceLimit."""
    with transaction.atomic():
        _lock_pending(request)
        _lock(request.organisation)
        _refuse_beyond_limit(request.organisation)
        _create(request, by=by)
        notifications.request_decided(request)


def refuse(request: InstanceRequest, *, by: User, answer: str) -> None:
    """Refuse the request with a reason. Raises RequestDecided."""
    with transaction.atomic():
        _lock_pending(request)
        _decide(request, _STATUS.REFUSED, by=by, answer=answer)
        audit.record(
            audit.Action.REQUEST_REFUSED,
            organisation=request.organisation,
            target=audit.Target.of(request, request.name),
            requested_by=audit.name_of(request.requested_by),
            answer=answer,
        )
        notifications.request_decided(request)


def withdraw(request: InstanceRequest, *, by: User) -> None:
    """Withdraw the request. Raises RequestDecided."""
    with transaction.atomic():
        _lock_pending(request)
        _decide(request, _STATUS.WITHDRAWN, by=by)
        audit.record(
            audit.Action.REQUEST_WITHDRAWN,
            organisation=request.organisation,
            target=audit.Target.of(request, request.name),
        )


def create_personal_instance(*, user: User, organisation: Organisation, language: str) -> Instance:
    """Return the personal instance of a person in an organisation, created if needed.

    Raises CreationClosed or InstanceLimit.
    """
    if not offer_in(organisation, user).personal:
        raise CreationClosed(organisation.slug)
    with transaction.atomic():
        _lock(organisation)
        existing: Instance | None = Instance.objects.filter(
            organisation=organisation, owner=user, kind=Instance.Kind.PERSONAL
        ).first()
        if existing is not None:
            return existing
        _refuse_beyond_limit(organisation)
        return create_instance(
            organisation=organisation,
            name=_("Personal space of %(name)s") % {"name": user.display_name},
            language=language,
            administrator=user,
            kind=Instance.Kind.PERSONAL,
        )


def _create(request: InstanceRequest, *, by: User) -> None:
    request.instance = create_instance(
        organisation=request.organisation,
        name=request.name,
        language=request.language,
        administrator=request.requested_by,
        purpose=request.purpose,
        sensitivity=request.sensitivity,
    )
    _decide(request, _STATUS.APPROVED, by=by)
    audit.record(
        audit.Action.REQUEST_APPROVED,
        instance=request.instance,
        target=audit.Target.of(request, request.name),
        requested_by=audit.name_of(request.requested_by),
    )


def _decide(request: InstanceRequest, status: str, *, by: User, answer: str = "") -> None:
    request.status, request.answer = status, answer
    request.decided_by, request.decided_at = by, timezone.now()
    request.save()


def _lock(organisation: Organisation) -> None:
    """Serialise creations in one organisation, so that its limit holds."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)


def _lock_pending(request: InstanceRequest) -> None:
    """Lock the request and refresh its status. Raises RequestDecided."""
    locked = InstanceRequest.objects.select_for_update().get(pk=request.pk)
    request.status = locked.status
    if locked.status != _STATUS.PENDING:
        raise RequestDecided(f"{request.pk} is {locked.status}")


def _refuse_second(user: User, organisation: Organisation, name: str) -> None:
    same = InstanceRequest.objects.filter(
        organisation=organisation, requested_by=user, name__iexact=name
    )
    alive = same.filter(status=_STATUS.PENDING) | same.filter(instance__isnull=False)
    if alive.exists():
        raise AlreadyRequested(name)


def _refuse_beyond_limit(organisation: Organisation) -> None:
    limit = organisation.max_instances
    if limit is not None and organisation.instances.count() >= limit:
        raise InstanceLimit(f"{organisation.slug} may have {limit}")

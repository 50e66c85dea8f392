"""Mail about requests, instances and accounts, to each person in their language.

Without a mail server nothing is sent; the pages show the same information. The texts are
templates/instances/mail/*.txt, whose first line is the subject.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import translation

from instances.models import (
    AccountControl,
    DeletionRecord,
    Instance,
    InstanceRequest,
    Membership,
    Organisation,
    Role,
)
from instances.tenancy import tenant
from people.models import User
from web.enqueueing import enqueue_on_commit
from web.mails import send_mail

# The model that each kind of mail is about.
SUBJECTS: dict[str, type[models.Model]] = {
    "request_pending": InstanceRequest,
    "request_decided": InstanceRequest,
    "disuse": Instance,
    "archived": Instance,
    "deletion_requested": Instance,
    "deleted": DeletionRecord,
    "account_controlled": AccountControl,
}


def request_pending(request: InstanceRequest) -> None:
    """Notify the people who may approve the request."""
    _notify("request_pending", request, approvers_of(request.organisation))


def request_decided(request: InstanceRequest) -> None:
    """Notify the requester."""
    _notify("request_decided", request, _people(pk=request.requested_by_id))


def disuse_noticed(instance: Instance) -> None:
    """Notify owner and administrators that the instance will be archived."""
    _notify("disuse", instance, administrators_of(instance))


def archived(instance: Instance) -> None:
    """Notify owner and administrators that the instance was archived for disuse."""
    _notify("archived", instance, administrators_of(instance))


def deletion_requested(instance: Instance) -> None:
    """Notify owner and administrators until when the deletion can be cancelled."""
    _notify("deletion_requested", instance, administrators_of(instance))


def deleted(record: DeletionRecord) -> None:
    """Notify the requester and the former owner, with a link to the proof."""
    _notify("deleted", record, _people(pk__in=[record.requested_by_id, record.owner_id]))


def account_controlled(control: AccountControl) -> None:
    """Notify a person that another person set their password or changed their address."""
    _notify("account_controlled", control, [control.account])


def approvers_of(organisation: Organisation) -> QuerySet[User]:
    """The administrators of an organisation; the operators if it has none."""
    administrators = _people(administered__organisation=organisation)
    return administrators if administrators.exists() else _people(is_staff=True)


def administrators_of(instance: Instance) -> QuerySet[User]:
    """The owner and the administrators of an instance."""
    with tenant(instance):
        ids = list(
            Membership.objects.for_instance(instance)
            .current()
            .filter(role=Role.ADMIN)
            .values_list("user_id", flat=True)
        )
    return _people(Q(pk__in=ids) | Q(pk=instance.owner_id))


def send(kind: str, object_id: int, user_id: int) -> None:
    """Send one mail to one person; nothing if either was deleted. Raises SMTPException, OSError."""
    about = SUBJECTS[kind]._default_manager.filter(pk=object_id).first()
    people = User.objects.filter(is_active=True)
    person = people.filter(pk=user_id).first()
    if about is None or person is None:
        return
    # The former address, so that a person who changed it does not receive the notice.
    address = getattr(about, "notice_address", "") or person.notice_address
    if not address:
        return
    with translation.override(person.language or settings.LANGUAGE_CODE):
        send_mail(kind, {"about": about, "person": person}, to=address)


def _people(*conditions: Q, **which: Any) -> QuerySet[User]:
    people = User.objects.filter(*conditions, is_active=True, **which)
    return people.exclude(email="", institution_email="").distinct()


def _notify(kind: str, about: models.Model, people: Iterable[User]) -> None:
    if not settings.EMAIL_HOST:
        return
    for person in people:
        enqueue_on_commit("instances.tasks.send_notice", kind, about.pk, person.pk)

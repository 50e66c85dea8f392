"""Erase a person, in all instances.

Deleted are conversations with their attachments, feedback, memberships, keys, identities, logins,
sessions and the account. Documents and usage figures remain without the person's name. The audit
log keeps the name, as evidence.

Row security shows one instance at a time. A PostgreSQL function (``instances.across_instances``)
returns the instances with rows of the person, with or without a membership; only these are visited.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from django.apps import apps
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import connection, models, transaction

from ingestion.models import Document
from ingestion.storing.stored_files import delete_files_on_commit
from instances import audit
from instances.across_instances import call_function
from instances.conflicts import repeat_after_conflict
from instances.models import ApiKey, Instance, InstanceOwnedModel, Membership
from instances.tenancy import tenant
from people.models import User


class StillResponsible(Exception):
    """The person is the only administrator of these instances; another must be added first.

    ``last_operator``: the person is also the only operator of the site.
    """

    def __init__(self, instances: list[Instance], *, last_operator: bool) -> None:
        super().__init__(f"{len(instances)} instances, last operator: {last_operator}")
        self.instances, self.last_operator = instances, last_operator


@dataclass(frozen=True, slots=True)
class Reference:
    """A column of a tenant table that names a person."""

    model: type[InstanceOwnedModel]
    field: str
    # Whether the row is deleted with the person; else it remains without their name.
    is_owned: bool

    @property
    def name(self) -> str:
        """The table and the column, as in ``rows_of``."""
        return f"{self.model._meta.label}.{self.field}"

    def rows(self, user: User) -> models.QuerySet[InstanceOwnedModel]:
        """Return the person's rows in the tenant of the transaction."""
        return self.model.objects.filter(**{self.field: user.pk})


@dataclass(frozen=True, slots=True)
class ErasurePreview:
    """What an erasure deletes; ``kept`` rows remain without the person's name."""

    conversations: int
    memberships: int
    api_keys: int
    kept: int


def references() -> Iterator[Reference]:
    """Return all columns of tenant tables that refer to a person."""
    for model in apps.get_models():
        if not issubclass(model, InstanceOwnedModel):
            continue
        for field in model._meta.concrete_fields:
            if field.related_model is User:
                # A key without a person would be taken for one created by an operator's command.
                is_owned = not field.null or model is ApiKey
                yield Reference(model, field.name, is_owned)


def require_successors(user: User) -> None:
    """Raise StillResponsible if the person is the only administrator of an instance or the site."""
    held = [pk for (pk,) in call_function("instances_of_person", user.pk)]
    kept = Instance.objects.filter(pk__in=held).exclude(status=Instance.Status.DELETING)
    orphaned = [instance for instance in kept if _is_alone(user, instance)]
    operators = User.objects.filter(is_staff=True, is_active=True)
    last_operator = user.is_staff and not operators.exclude(pk=user.pk).exists()
    if orphaned or last_operator:
        raise StillResponsible(orphaned, last_operator=last_operator)


def rows_of(user: User) -> dict[str, int]:
    """Return the number of rows that refer to the person, by table and column, in all instances."""
    counts: Counter[str] = Counter()
    for (instance_id,) in call_function("instances_of_person", user.pk):
        with tenant(instance_id):
            for reference in references():
                counts[reference.name] += reference.rows(user).count()
    return dict(+counts)


def preview_erasure(user: User) -> ErasurePreview:
    """Return the numbers of rows that an erasure would delete, and of those it would keep."""
    counts = rows_of(user)
    kept = {reference.name for reference in references() if not reference.is_owned}
    return ErasurePreview(
        conversations=counts.get("chat.Conversation.user", 0),
        memberships=counts.get("instances.Membership.user", 0),
        api_keys=counts.get("instances.ApiKey.created_by", 0),
        kept=sum(number for name, number in counts.items() if name in kept),
    )


def erase_person(user: User) -> dict[str, int]:
    """Erase the person in one transaction; return ``rows_of`` as it was before.

    Raises StillResponsible. Foreign keys are checked across row security, so the deletion of the
    account fails if any row still refers to it. It is then repeated: an answer that was being
    written to the person may have added rows meanwhile.
    """
    return repeat_after_conflict(partial(_erase, user.pk))


@transaction.atomic
def _erase(user_id: int) -> dict[str, int]:
    user = User.objects.select_for_update().get(pk=user_id)
    require_successors(user)
    counts = rows_of(user)
    for (instance_id,) in call_function("instances_of_person", user.pk):
        with tenant(instance_id):
            delete_files_on_commit(Document.with_attachments.filter(conversation__user=user))
            for reference in references():
                if reference.is_owned:
                    reference.rows(user).delete()
                else:
                    reference.rows(user).update(**{reference.field: None})
    _end_sessions(user)
    audit.record(audit.Action.USER_ERASED, target=user, rows=sum(counts.values()))
    user.delete()
    # Deferred constraints would fail at the end of the caller's transaction.
    connection.check_constraints()
    return counts


def _is_alone(user: User, instance: Instance) -> bool:
    """Return whether the person is the only administrator; waits for concurrent changes."""
    with tenant(instance):
        administrators = list(
            Membership.objects.for_instance(instance)
            .current()
            .select_for_update(of=("self",))
            .select_related("user")
            .filter(role=Membership.Role.ADMIN)
            .order_by("pk")
        )
    others = [one for one in administrators if one.user_id != user.pk and one.user.is_active]
    return len(others) == 0 and any(one.user_id == user.pk for one in administrators)


def _end_sessions(user: User) -> None:
    """Delete all sessions of the person; the user's key is inside the session data."""
    mine = [
        session.session_key
        for session in Session.objects.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(session_key__in=mine).delete()

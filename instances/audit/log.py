"""Write the audit log: one append-only row for every grant and every administrative action.

``record`` is called by the function that makes the change, in the same transaction. Actor and
address come from the current request (``acting_as``).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from instances.models import AuditEntry, Instance, Organisation
from people.models import User


class Action(models.TextChoices):
    """The recorded actions; values are stored, so a value never changes its meaning."""

    ORGANISATION_CREATED = "organisation.created", _("Organisation created")
    ORGANISATION_CHANGED = "organisation.changed", _("Organisation changed")
    ORGANISATION_DISABLED = "organisation.disabled", _("Organisation disabled")
    ORGANISATION_ENABLED = "organisation.enabled", _("Organisation enabled")
    ADMINISTRATOR_ADDED = "administrator.added", _("Administrator of the organisation added")
    ADMINISTRATOR_REMOVED = "administrator.removed", _("Administrator of the organisation removed")
    OPERATOR_ADDED = "operator.added", _("Operator added")
    OPERATOR_REMOVED = "operator.removed", _("Operator removed")
    USER_DISABLED = "user.disabled", _("Account disabled")
    USER_ENABLED = "user.enabled", _("Account enabled")
    USER_CREATED = "user.created", _("Account created")
    USER_CHANGED = "user.changed", _("Account changed")
    PASSWORD_ISSUED = "password.issued", _("Password set by another person")
    RESET_LINK_SENT = "password.link_sent", _("Link to a new password sent")
    ADDRESS_CHANGED = "address.changed", _("E-mail address changed by another person")
    ACCOUNT_CONFIRMED = "account.confirmed", _("Account confirmed as used by its person only")
    USER_ERASED = "user.erased", _("Person erased")
    LOGIN_ADDED = "login.added", _("Login method added")
    LOGIN_REMOVED = "login.removed", _("Login method removed")
    LOGIN_RULE_CHANGED = "login_rule.changed", _("Login rule changed")
    LOGIN_SOURCE_CHANGED = "login_source.changed", _("Identity provider or feed changed")
    INSTANCE_REQUESTED = "instance.requested", _("Instance requested")
    REQUEST_APPROVED = "request.approved", _("Request approved")
    REQUEST_REFUSED = "request.refused", _("Request refused")
    REQUEST_WITHDRAWN = "request.withdrawn", _("Request withdrawn")
    INSTANCE_CREATED = "instance.created", _("Instance created")
    INSTANCE_CHANGED = "instance.changed", _("Settings changed")
    INSTANCE_TRANSFERRED = "instance.transferred", _("Ownership transferred")
    INSTANCE_SUSPENDED = "instance.suspended", _("Instance suspended")
    INSTANCE_ARCHIVED = "instance.archived", _("Instance archived")
    INSTANCE_REACTIVATED = "instance.reactivated", _("Instance reactivated")
    INSTANCE_NOTICE = "instance.notice", _("Owners notified of disuse")
    DELETION_ASKED = "deletion.asked", _("Deletion requested")
    DELETION_CANCELLED = "deletion.cancelled", _("Deletion cancelled")
    INSTANCE_DELETED = "instance.deleted", _("Instance deleted")
    PEOPLE_SEARCHED = "people.searched", _("People searched")
    MEMBER_ADDED = "member.added", _("Member added")
    MEMBER_JOINED = "member.joined", _("Member joined by a rule or an invitation")
    MEMBER_CHANGED = "member.changed", _("Role changed")
    MEMBER_REMOVED = "member.removed", _("Member removed")
    MEMBER_LOST = "member.lost", _("Member lost access")
    RULE_ADDED = "rule.added", _("Access rule added")
    RULE_CHANGED = "rule.changed", _("Access rule changed")
    RULE_REMOVED = "rule.removed", _("Access rule removed")
    INVITATION_CREATED = "invitation.created", _("Invitation created")
    INVITATION_REVOKED = "invitation.revoked", _("Invitation revoked")
    INVITATION_ACCEPTED = "invitation.accepted", _("Invitation accepted")
    KEY_CREATED = "key.created", _("API key created")
    KEY_CONFIRMED = "key.confirmed", _("API key confirmed with a second factor")
    KEY_REVOKED = "key.revoked", _("API key revoked")
    CHARTER_PUBLISHED = "charter.published", _("Usage charter published")
    CHARTER_WITHDRAWN = "charter.withdrawn", _("Usage charter withdrawn")
    BACKEND_ADDED = "backend.added", _("Backend added")
    BACKEND_CHANGED = "backend.changed", _("Backend changed")
    BACKEND_REMOVED = "backend.removed", _("Backend removed")
    BACKEND_TESTED = "backend.tested", _("Backend tested")
    BACKEND_ACCESS_CHANGED = "backend.access_changed", _("Access to a backend changed")
    JOB_TEMPLATE_ADDED = "job_template.added", _("Job template added")
    JOB_TEMPLATE_CHANGED = "job_template.changed", _("Job template changed")
    JOB_TEMPLATE_REMOVED = "job_template.removed", _("Job template removed")
    JOB_STARTED = "job.started", _("Job of Slurm started by hand")
    JOB_STOPPED = "job.stopped", _("Job of Slurm stopped by hand")
    MODEL_ADDED = "model.added", _("Model added")
    MODEL_CHANGED = "model.changed", _("Model changed")
    MODEL_REMOVED = "model.removed", _("Model removed")
    QUEUE_TURNS_CHANGED = "queue_turns.changed", _("Turns in the queue changed")
    MODEL_RULES_CHANGED = "model.rules_changed", _("Allowed models changed")
    QUOTA_ADDED = "quota.added", _("Quota added")
    QUOTA_CHANGED = "quota.changed", _("Quota changed")
    QUOTA_REMOVED = "quota.removed", _("Quota removed")
    EVALUATION_CHANGED = "evaluation.changed", _("Schedule of golden questions changed")
    CHANGE_TRIED = "change.tried", _("Change of settings tried on golden questions")
    CHANGE_ACCEPTED = "change.accepted", _("Change of settings that was held back made")
    CHANGE_DISCARDED = "change.discarded", _("Change of settings that was held back discarded")
    VERSION_ACCEPTED = "version.accepted", _("Version of a document that was held back used")
    VERSION_DISCARDED = "version.discarded", _("Version of a document that was held back deleted")
    INDEX_STARTED = "index.started", _("New search index begun")
    INDEX_CANCELLED = "index.cancelled", _("New search index cancelled")
    INDEX_SWITCHED = "index.switched", _("Search index replaced")
    SOURCE_ADDED = "source.added", _("Source of documents added")
    SOURCE_CHANGED = "source.changed", _("Source of documents changed")
    SOURCE_REMOVED = "source.removed", _("Source of documents deleted")
    SOURCE_RUN = "source.run", _("Run of a source started by hand")
    DOCUMENT_CLASSIFIED = "document.classified", _("Sensitivity of a document changed")
    CONVERSATIONS_EXPIRED = "conversations.expired", _("Conversations deleted at their time")
    SENDING_REFUSED = "sending.refused", _("Sensitive documents not sent to a model")
    PERSONAL_DATA_DECIDED = "personal_data.decided", _("Personal data in a question")
    LOG_EXPORTED = "log.exported", _("Audit log exported")
    LOG_KEY_CHANGED = "log.key_changed", _("Audit log sealed with a new key")


@dataclass(frozen=True)
class Target:
    """The object of an action: its name at that time, and its permanent kind and id."""

    name: str
    kind: str = ""
    id: int | None = None

    @classmethod
    def of(cls, thing: object, name: str = "") -> "Target":
        """Describe a person, another row (named ``name`` if given), or text."""
        if isinstance(thing, cls):
            return thing
        if not isinstance(thing, models.Model):
            return cls(str(thing))
        pk = thing.pk if isinstance(thing.pk, int) else None
        if isinstance(thing, User):
            return cls(name_of(thing), "user", pk)
        return cls(name or str(thing), thing._meta.model_name or "", pk)


@dataclass(frozen=True)
class Origin:
    """The actor and the client address. ``user`` may be lazy; it is read only by ``record``."""

    user: User | AnonymousUser | None = None
    address: str | None = None
    correlation_id: str = ""


_SITE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=_SITE)


@contextmanager
def acting_as(origin: Origin) -> Iterator[None]:
    """Record the actions inside this context as made by ``origin``."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def current_origin() -> Origin:
    """The current origin; without a user in a task or a command."""
    return _origin.get()


def record(
    action: Action,
    *,
    instance: Instance | None = None,
    organisation: Organisation | None = None,
    target: object = "",
    **detail: Any,
) -> None:
    """Add a row to the log.

    ``target`` is the object of the action: a person or another row, a ``Target``, or text;
    ``detail`` is stored as JSON.
    """
    record_all(action, [target], instance=instance, organisation=organisation, **detail)


def record_all(
    action: Action,
    targets: Iterable[object],
    *,
    instance: Instance | None = None,
    organisation: Organisation | None = None,
    **detail: Any,
) -> None:
    """Add a row for each of ``targets``, for one action on all of them."""
    origin = current_origin()
    user = origin.user if origin.user is not None and origin.user.is_authenticated else None
    if instance is not None:
        organisation = instance.organisation
    shared: dict[str, Any] = {
        "action": action,
        "actor_id": user.pk if user else None,
        "actor_name": name_of(user) if user else "",
        "organisation_id": organisation.pk if organisation else None,
        "instance_id": instance.pk if instance else None,
        "place": str(instance or organisation or "")[:200],
        "detail": detail,
        "address": origin.address,
        "correlation_id": origin.correlation_id,
    }
    described = (Target.of(target) for target in targets)
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(target=one.name[:300], target_kind=one.kind, target_id=one.id, **shared)
            for one in described
        ),
        batch_size=1000,
    )


def name_of(user: User) -> str:
    """A person's display name, followed by the unique user name."""
    # The display name is cut, so that the user name never is.
    return f"{user.display_name[:140]} ({user.username})"

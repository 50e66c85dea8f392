"""Changes of backends, of their models and of the keys by which they are used; each is audited.

Every process follows a change at once (``catalogue_rows.forget``).
"""

from collections.abc import Collection
from typing import Any

from django.db import transaction

from inference.catalogue_rows import forget
from inference.chat_options import Ability
from inference.models import Backend, BackendAccess, LanguageModel, ModelRules
from instances import audit
from instances.audit.changes import changes_of
from instances.models import Organisation
from web.encryption import encrypt

_UNAUDITED = {"id", "created_at", "updated_at"}


def save_backend(backend: Backend) -> None:
    """Create a backend, or save its changes."""
    _save(backend, backend.owner, audit.Action.BACKEND_ADDED, audit.Action.BACKEND_CHANGED)


def save_model(model: LanguageModel) -> None:
    """Create a model of a backend, or save its changes."""
    owner = model.backend.owner
    _save(model, owner, audit.Action.MODEL_ADDED, audit.Action.MODEL_CHANGED)


def save_abilities(backend: Backend, server_id: str, abilities: Collection[Ability]) -> None:
    """Save what a test has found out about the models that have this id at the backend."""
    for model in backend.models.filter(server_id=server_id):
        for ability in Ability:
            setattr(model, f"supports_{ability}", ability in abilities)
        save_model(model)


def delete_backend(backend: Backend) -> None:
    """Delete a backend with its models and keys; what they cost is kept."""
    _delete(backend, backend.owner, audit.Action.BACKEND_REMOVED)


def delete_model(model: LanguageModel) -> None:
    """Delete a model of a backend; what it cost is kept."""
    _delete(model, model.backend.owner, audit.Action.MODEL_REMOVED)


def save_access(
    backend: Backend,
    organisation: Organisation | None,
    *,
    key: str | None,
    request_priority: int | None = None,
    routing_mode: str = "",
) -> None:
    """Set how an organisation (None: each without an own access) uses a backend.

    ``key`` replaces the stored key; None keeps it, "" removes it. The log never contains it.
    """
    with transaction.atomic():
        accesses = BackendAccess.objects.select_for_update()
        access = accesses.filter(backend=backend, organisation=organisation).first()
        access = access or BackendAccess(backend=backend, organisation=organisation)
        after = {"request_priority": request_priority, "routing_mode": routing_mode}
        detail: dict[str, Any] = {
            name: [getattr(access, name), value]
            for name, value in after.items()
            if getattr(access, name) != value
        }
        if key or (key == "" and access.encrypted_key):
            detail["key"] = "replaced" if key else "removed"
            access.encrypted_key = encrypt(key) if key else ""
        if not detail:
            return
        access.request_priority, access.routing_mode = request_priority, routing_mode
        is_empty = not access.encrypted_key and request_priority is None and not routing_mode
        if is_empty and organisation is not None:
            # The access of all applies again.
            access.delete()
        else:
            access.save()
        audit.record(
            audit.Action.BACKEND_ACCESS_CHANGED,
            organisation=organisation or backend.owner,
            target=backend,
            **detail,
        )
        transaction.on_commit(forget)


def save_rules(rules: ModelRules) -> None:
    """Set which models an organisation or an instance allows, and its longest answer."""
    names = ["allowed", "default", "max_tokens"]
    with transaction.atomic():
        stored = ModelRules.objects.select_for_update().filter(pk=rules.pk).first() or ModelRules()
        changes: dict[str, Any] = {
            f"models_{name}": [_shown(getattr(stored, name)), _shown(getattr(rules, name))]
            for name in names
            if getattr(stored, name) != getattr(rules, name)
        }
        if not changes:
            return
        # Operators may have changed it meanwhile.
        rules.queue_turns = stored.queue_turns
        rules.save()
        audit.record(
            audit.Action.MODEL_RULES_CHANGED,
            instance=rules.instance,
            organisation=rules.organisation,
            **changes,
        )
        transaction.on_commit(forget)


def save_queue_turns(organisation: Organisation, turns: int) -> None:
    """Set the turns of an organisation in the queues of the site's backends."""
    with transaction.atomic():
        # Of two at once, the second waits for the first.
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        rules, _created = ModelRules.objects.get_or_create(organisation=organisation)
        before, rules.queue_turns = rules.queue_turns, turns
        if before == turns:
            return
        rules.save(update_fields=["queue_turns"])
        audit.record(
            audit.Action.QUEUE_TURNS_CHANGED,
            organisation=organisation,
            target=audit.Target.of(rules, organisation.name),
            queue_turns=[before, turns],
        )
        transaction.on_commit(forget)


def _shown(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


def _save(
    row: Backend | LanguageModel,
    owner: Organisation | None,
    added: audit.Action,
    changed: audit.Action,
) -> None:
    names = [field.name for field in row._meta.fields if field.name not in _UNAUDITED]
    with transaction.atomic():
        transaction.on_commit(forget)
        if row.pk is None:
            row.save()
            audit.record(added, organisation=owner, target=row)
            return
        changes: dict[str, Any] = changes_of(row, names)
        if changes:
            row.save(update_fields=[*changes, "updated_at"])
            audit.record(changed, organisation=owner, target=row, **changes)


def _delete(
    row: Backend | LanguageModel, owner: Organisation | None, removed: audit.Action
) -> None:
    with transaction.atomic():
        audit.record(removed, organisation=owner, target=row)
        row.delete()
        transaction.on_commit(forget)

"""The sensitivity of documents: changing it, and the highest in an instance.

All functions run inside ``tenant(instance)``.
"""

from django.db.models import Q

from ingestion.models import Document
from instances import audit
from instances.models import Instance, Sensitivity


def classify(document: Document, level: Sensitivity) -> None:
    """Set the sensitivity of a document; a level that its instance has anyway is not stored.

    It is valid from the next question on.
    """
    locked = Document.objects.select_for_update().get(pk=document.pk)
    before = locked.level
    locked.sensitivity = own_level(locked.instance, level)
    if locked.level == before:
        return
    locked.save(update_fields=["sensitivity", "updated_at"])
    audit.record(
        audit.Action.DOCUMENT_CLASSIFIED,
        instance=locked.instance,
        target=str(locked.pk),
        sensitivity=[before.value, locked.level.value],
    )


def level_choices(instance: Instance) -> list[tuple[Sensitivity, str]]:
    """Return the levels that a document of an instance may have, with their names there."""
    organisation = instance.organisation
    return [(level, organisation.label_of(level)) for level in levels_from(instance)]


def own_level(instance: Instance, level: str) -> str:
    """Return what is stored for a document of this level: "" unless it is above its instance."""
    return "" if not level or Sensitivity(instance.sensitivity).covers(level) else level


def of_level(instance: Instance, level: Sensitivity) -> Q:
    """Return the condition for the documents of a level."""
    above = levels_from(instance)[1:]
    if level == instance.sensitivity:
        return ~Q(sensitivity__in=above)
    return Q(sensitivity__in=[level] if level in above else [])


def levels_from(instance: Instance) -> list[Sensitivity]:
    """Return the levels that a document of an instance may have, the lowest first."""
    return [level for level in Sensitivity if level.covers(instance.sensitivity)]


def highest_level(instance: Instance) -> Sensitivity:
    """Return the highest level of the documents of an instance, at least its own."""
    documents = Document.objects.for_instance(instance).exclude(sensitivity="")
    levels = documents.values_list("sensitivity", flat=True).distinct()
    return Sensitivity.highest([instance.sensitivity, *levels])

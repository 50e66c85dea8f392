"""What people do: start another index, cancel it, return to the one before.

All functions run inside ``tenant(instance)``, in a transaction, and are audited.
"""

from django.db import OperationalError, transaction
from django.db.models import Max
from django.utils import timezone

from inference.embedding.offered import offered_embedding
from ingestion.indexing.generations import active_index, search_index
from ingestion.models import Chunk, IndexGeneration
from ingestion.reindexing.switching import NotInStep, switch
from instances import audit
from instances.models import Instance
from people.models import User
from web.enqueueing import enqueue_on_commit

REINDEX = "ingestion.tasks.reindex"
# Smaller passages have too little context, larger ones exceed what embedding models take.
CHUNK_TOKENS_RANGE = (48, 480)
_Status = IndexGeneration.Status


class ReindexingRefused(Exception):
    """The index cannot be started; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


SAME, UNDER_WAY, NOTHING_KEPT = "same", "under_way", "nothing_kept"


def start(
    *,
    instance: Instance,
    embedding_model: str,
    chunk_tokens: int | None,
    switches_itself: bool,
    user: User | None,
) -> IndexGeneration:
    """Begin to build an index of another model or size of passages.

    ``embedding_model`` is the name of an offered model, "" for that of the site; ``chunk_tokens``
    None: the setting. Raises ReindexingRefused, ModelNotFound.
    """
    offered = offered_embedding(embedding_model)
    with transaction.atomic():
        locked = Instance.objects.select_for_update(no_key=True).get(pk=instance.pk)
        generation = IndexGeneration(
            instance=instance,
            number=_next_number(locked),
            embedding_model=offered.name,
            chunk_tokens=chunk_tokens,
            switches_itself=switches_itself,
            requested_by=user,
        )
        index = search_index(generation)
        present = active_index(locked)
        if (index.embedding_model, index.chunk_tokens) == (
            present.embedding_model,
            present.chunk_tokens,
        ):
            raise ReindexingRefused(SAME)
        _add_row_of_present(locked)
        if unfinished(instance) is not None:
            raise ReindexingRefused(UNDER_WAY)
        generation.save()
        audit.record(
            audit.Action.INDEX_STARTED,
            instance=instance,
            target=index.embedding_model,
            chunk_tokens=index.chunk_tokens,
        )
    enqueue_on_commit(REINDEX)
    return generation


def cancel(instance: Instance) -> None:
    """Stop building an index, and delete it; one that has answered before is kept again."""
    with transaction.atomic():
        generation = _locked(instance, IndexGeneration.UNFINISHED)
        if generation is None:
            return
        generation.status = _Status.KEPT if generation.is_return else _Status.DELETING
        generation.worker_seen_at = None
        generation.save(update_fields=["status", "worker_seen_at"])
        index = search_index(generation)
        audit.record(audit.Action.INDEX_CANCELLED, instance=instance, target=index.embedding_model)
    enqueue_on_commit(REINDEX)


def go_back(instance: Instance, user: User | None) -> bool:
    """Return to the index before; return whether it answers at once.

    It does unless documents were published since, which are prepared first, or are published at
    this moment. Raises ReindexingRefused; ModelNotFound when its model is no longer offered.
    """
    with transaction.atomic():
        if unfinished(instance) is not None:
            raise ReindexingRefused(UNDER_WAY)
        generation = _locked(instance, [_Status.KEPT])
        if generation is None:
            raise ReindexingRefused(NOTHING_KEPT)
        offered_embedding(generation.embedding_model)
        generation.status = _Status.BUILT
        generation.is_return = generation.switches_itself = True
        generation.requested_by, generation.retry_at = user, timezone.now()
        generation.failures = {}
        generation.save()
        index = search_index(generation)
        audit.record(
            audit.Action.INDEX_STARTED,
            instance=instance,
            target=index.embedding_model,
            chunk_tokens=index.chunk_tokens,
        )
    enqueue_on_commit(REINDEX)
    try:
        switch(instance.pk, generation.number)
    except (NotInStep, OperationalError):
        # The return is recorded all the same: ``evaluation.tasks.reconcile`` tries again.
        return False
    return True


def unfinished(instance: Instance) -> IndexGeneration | None:
    """Return the index that is being built or is complete, if any."""
    found = IndexGeneration.objects.for_instance(instance)
    return found.filter(status__in=IndexGeneration.UNFINISHED).first()


def _locked(
    instance: Instance, statuses: "list[_Status] | tuple[_Status, ...]"
) -> IndexGeneration | None:
    found = IndexGeneration.objects.for_instance(instance).select_for_update(of=("self",))
    return found.filter(status__in=statuses).order_by("-activated_at").first()


def _next_number(instance: Instance) -> int:
    """Return a number that no index of the instance, even a deleted one, has had."""
    rows = IndexGeneration.objects.for_instance(instance).aggregate(last=Max("number"))
    chunks = Chunk.objects.for_instance(instance).aggregate(last=Max("generation"))
    return max(instance.index_generation, rows["last"] or 0, chunks["last"] or 0) + 1


def _add_row_of_present(instance: Instance) -> None:
    """Add the row of the index that answers, which the first one has not."""
    IndexGeneration.objects.get_or_create(
        instance=instance,
        number=instance.index_generation,
        defaults={
            "embedding_model": instance.embedding_model_name,
            "chunk_tokens": instance.chunk_tokens,
            "status": _Status.ACTIVE,
            "activated_at": timezone.now(),
        },
    )

"""``./manage reindex SLUG … | --all``: another search index of instances, while they answer."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference.embedding.offered import offered_embeddings
from ingestion.indexing.generations import active_index, search_index
from ingestion.reindexing import starting
from ingestion.reindexing.progress import progress_of
from ingestion.reindexing.starting import CHUNK_TOKENS_RANGE
from instances.models import Instance
from instances.tenancy import tenant


class Command(BaseCommand):
    help = (
        "Prepare another search index of instances by another embedding model or size of passages."
        " Workers build it while the present one answers; it then answers unless fewer golden"
        " questions pass. Without --model and --tokens: those of the site."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG")
        parser.add_argument("--all", action="store_true", help="all instances of the site")
        parser.add_argument(
            "--model", default="", help="name of an embedding model: that of the site by default"
        )
        parser.add_argument("--tokens", type=int, help="tokens in a passage")
        parser.add_argument(
            "--by-hand", action="store_true", help="let administrators decide when it answers"
        )
        parser.add_argument("--status", action="store_true", help="only show the indexes")
        parser.add_argument("--cancel", action="store_true", help="cancel what is being prepared")

    def handle(self, *args: Any, **options: Any) -> None:
        name, tokens = options["model"], options["tokens"]
        names = [each.name for each in offered_embeddings()]
        if name and name not in names:
            raise CommandError(f"No embedding model {name}: {', '.join(names)}.")
        least, most = CHUNK_TOKENS_RANGE
        if tokens is not None and not least <= tokens <= most:
            raise CommandError(f"Passages have {least} to {most} tokens.")
        for instance in _chosen(options["slugs"], is_all=options["all"]):
            with tenant(instance):
                if options["cancel"]:
                    starting.cancel(instance)
                elif not options["status"]:
                    self._start(instance, name, tokens, switches_itself=not options["by_hand"])
                self.stdout.write(f"{instance.slug}: {_state(instance)}")

    def _start(
        self, instance: Instance, name: str, tokens: int | None, *, switches_itself: bool
    ) -> None:
        try:
            starting.start(
                instance=instance,
                embedding_model=name,
                chunk_tokens=None if tokens == settings.CHUNK_TOKENS else tokens,
                switches_itself=switches_itself,
                user=None,
            )
        except starting.ReindexingRefused as error:
            self.stdout.write(f"{instance.slug}: not started ({error.code})")


def _chosen(slugs: list[str], *, is_all: bool) -> list[Instance]:
    if bool(slugs) == is_all:
        raise CommandError("Name instances, or give --all.")
    instances = Instance.objects.order_by("pk")
    if is_all:
        return list(instances)
    found = list(instances.filter(slug__in=slugs))
    if unknown := set(slugs) - {instance.slug for instance in found}:
        raise CommandError(f"No instance {', '.join(sorted(unknown))}.")
    return found


def _state(instance: Instance) -> str:
    """Return the index of an instance and what is being prepared, in one line."""
    present = active_index(Instance.objects.get(pk=instance.pk))
    line = f"{present.embedding_model}, {present.chunk_tokens} tokens"
    generation = starting.unfinished(instance)
    if generation is None:
        return line
    index, done = search_index(generation), progress_of(generation)
    return (
        f"{line}; {generation.status}: {index.embedding_model}, {index.chunk_tokens} tokens,"
        f" {done.done} of {done.total} documents, {done.failed} failed"
    )

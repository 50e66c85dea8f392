"""``./manage buildshards [SLUG …]``: the approximate index of large instances, built now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingestion.indexing.generations import active_index
from ingestion.indexing.shards.building import build, needs_build
from instances.models import Instance
from instances.tenancy import tenant


class Command(BaseCommand):
    help = (
        "Build the approximate index of the instances that are too large for an exact search: of"
        " all, or of those named. Workers do the same when documents are published."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        instances = Instance.objects.order_by("pk")
        if slugs := set(options["slugs"]):
            instances = instances.filter(slug__in=slugs)
            if unknown := slugs - set(instances.values_list("slug", flat=True)):
                raise CommandError(f"No instance {', '.join(sorted(unknown))}.")
        for instance in instances:
            index = active_index(instance)
            with tenant(instance):
                is_needed = needs_build(instance.pk, index)
            if is_needed:
                self.stdout.write(f"{instance.slug}: {build(instance.pk, index)} chunks")

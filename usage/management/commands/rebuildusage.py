"""``./manage rebuildusage [SLUG …]``: sums of usage records, computed again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from instances.models import Instance
from usage.rollups.monthly import roll_up_pending_months
from usage.rollups.refresh import rebuild_instance


class Command(BaseCommand):
    help = "Compute the sums of usage records again, of all instances or of those named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        instances = Instance.objects.order_by("pk")
        if slugs := set(options["slugs"]):
            instances = instances.filter(slug__in=slugs)
            if unknown := slugs - set(instances.values_list("slug", flat=True)):
                raise CommandError(f"No instance {', '.join(sorted(unknown))}.")
        for instance in instances:
            rebuild_instance(instance)
        roll_up_pending_months()

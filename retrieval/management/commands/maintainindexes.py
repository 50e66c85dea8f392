"""``./manage maintainindexes``: the indexes of large instances; run it daily, as the owner."""

from typing import Any

from django.core.management.base import BaseCommand

from retrieval.instance_indexes import maintain_indexes


class Command(BaseCommand):
    help = (
        "Build the vector and word indexes of instances that have outgrown exact search, and drop"
        " those of instances that have shrunk. Needs DATABASE_OWNER_URL; blocks nobody."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        maintain_indexes()

"""``./manage createorganisation NAME [--slug SLUG]``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from instances.models import Organisation
from instances.organisations.creation import create_organisation


class Command(BaseCommand):
    help = "Create an organisation and print its identifier."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--slug", default="", help="identifier; made from the name by default")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["slug"]
        if slug and Organisation.objects.filter(slug=slug).exists():
            raise CommandError(f"The organisation {slug} exists already.")
        organisation = create_organisation(name=options["name"], slug=slug)
        self.stdout.write(organisation.slug)

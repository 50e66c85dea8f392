"""``./manage createapikey SLUG --scope chat|manage [--name NAME] [--batch]``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from instances.access.api_keys import create_api_key
from instances.errors import KeyLimit, user_message
from instances.models import ApiKey, Instance


class Command(BaseCommand):
    help = "Create an API key of an instance and print the key, alone, on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--scope", required=True, choices=ApiKey.Scope.values)
        parser.add_argument("--name", default="command line", help="what the key is for")
        parser.add_argument(
            "--batch", action="store_true", help="its questions come after those of people"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        instance = Instance.objects.filter(slug=options["slug"]).first()
        if instance is None:
            raise CommandError(f"No instance {options['slug']}; create it with createinstance.")
        try:
            _key, plaintext = create_api_key(
                instance=instance,
                name=options["name"],
                scope=options["scope"],
                created_by=None,
                is_batch=options["batch"],
            )
        except KeyLimit as error:
            raise CommandError(user_message(error)) from error
        self.stdout.write(plaintext)

"""``./manage createinstance SLUG --organisation ORG --name NAME [--administrator USERNAME]``."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug

from instances.errors import AmbiguousName, MemberNotFound
from instances.members.lookup import find_person
from instances.models import Instance, Organisation
from instances.organisations.creation import create_instance


class Command(BaseCommand):
    help = "Create an instance and print its identifier."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "--organisation", required=True, help="identifier or name of its organisation"
        )
        parser.add_argument("--name", required=True)
        parser.add_argument("--administrator", help="user name or address of a first administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, username = options["slug"], options["administrator"]
        try:
            validate_slug(slug)
        except ValidationError as error:
            raise CommandError(f"{slug}: letters, digits, hyphens and underscores only.") from error
        if Instance.objects.filter(slug=slug).exists():
            raise CommandError(f"The instance {slug} exists already.")
        organisation = _organisation(options["organisation"])
        if organisation is None:
            raise CommandError(
                f"No organisation {options['organisation']}; create it with createorganisation."
            )
        administrator = None
        if username:
            try:
                administrator = find_person(username, among=None)
            except MemberNotFound as error:
                raise CommandError(f"No account {username}.") from error
            except AmbiguousName as error:
                raise CommandError(f"Two accounts fit {username}: give a user name.") from error
        instance = create_instance(
            organisation=organisation, slug=slug, name=options["name"], administrator=administrator
        )
        self.stdout.write(instance.slug)


def _organisation(called: str) -> Organisation | None:
    """Return the organisation with that identifier, else the only one with that name."""
    by_slug = Organisation.objects.filter(slug=called).first()
    if by_slug is not None:
        return by_slug
    of_that_name = list(Organisation.objects.filter(name=called)[:2])
    return of_that_name[0] if len(of_that_name) == 1 else None

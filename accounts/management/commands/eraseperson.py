"""``./manage eraseperson USERNAME [--yes]``."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.users.erasure import StillResponsible, erase_person, require_successors, rows_of
from people.models import User


class Command(BaseCommand):
    help = (
        "Erase a person: account, logins, sessions, memberships, keys, conversations. Documents "
        "and usage figures stay without their name. Prints, as JSON, the rows that named them; "
        "without --yes, those that would go."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--yes", action="store_true", help="erase; there is no way back")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no person {options['username']}.")
        try:
            if options["yes"]:
                counts = erase_person(user)
            else:
                require_successors(user)
                counts = rows_of(user)
        except StillResponsible as error:
            raise CommandError(_explain(error)) from error
        self.stdout.write(json.dumps(counts, indent=2, sort_keys=True))


def _explain(error: StillResponsible) -> str:
    lines = ["Another administrator must be added first, or these must be deleted:"]
    lines += [f"  instance {instance.slug} ({instance.name})" for instance in error.instances]
    if error.last_operator:
        lines.append("  the site: this is its last operator")
    return "\n".join(lines)

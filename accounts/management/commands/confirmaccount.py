"""``./manage confirmaccount NAME``: confirm that only its person can log in to an account."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from instances.account_control import confirm_independence
from people.models import User


class Command(BaseCommand):
    help = (
        "Confirm that only its person uses an account that another person created, invited or "
        "set the password of. Those people may then give it rights (docs/tenancy.md)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            account = User.objects.get(username=options["username"])
        except User.DoesNotExist as error:
            raise CommandError(f"no account {options['username']}") from error
        confirm_independence(account, by=None)

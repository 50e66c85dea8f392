"""``./manage confirmaccount NAME``: nobody but its person can log in to the account."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from instances.account_control import confirm_independence
from people.models import User


class Command(BaseCommand):
    help = (
        "Confirm that the person alone uses an account that somebody else created, invited or "
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

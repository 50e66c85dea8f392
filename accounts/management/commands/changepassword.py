"""``./manage changepassword NAME``: Django's command, with a notice to the person."""

from typing import Any

from django.contrib.auth.management.commands import changepassword

from accounts.users.takeover import record_issued_password
from people.models import User


class Command(changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        message: str | None = super().handle(*args, **options)
        record_issued_password(User.objects.get(username=options["username"]), by=None)
        return message

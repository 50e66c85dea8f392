"""``./manage changepassword NAME``: Django's, and the person learns of it."""

from typing import Any

from django.contrib.auth.management.commands import changepassword

from accounts.users.takeover import password_issued
from people.models import User


class Command(changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        told: str | None = super().handle(*args, **options)
        password_issued(User.objects.get(username=options["username"]), by=None)
        return told

"""``./manage createfirstadministrator``, called by ``./run`` at its first start."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from accounts.users.first_administrator import create_first_administrator


class Command(BaseCommand):
    help = (
        "Create the first administrator, an organisation and an instance, unless an account "
        'exists. Prints {"username", "password"} as JSON, or {}.'
    )

    def handle(self, *args: Any, **options: Any) -> None:
        credentials = create_first_administrator()
        self.stdout.write(json.dumps(asdict(credentials) if credentials else {}))

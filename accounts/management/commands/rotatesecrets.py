"""Encrypt the secrets in the database again with the present SECRET_KEY."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from accounts.secret_rotation import rotate_secrets


class Command(BaseCommand):
    """``rotatesecrets``: afterwards the former key can be removed from SECRET_KEY_FALLBACKS."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = rotate_secrets()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{count} secrets are encrypted under the present key. Sessions of the former one end"
            " within a day: then it may leave SECRET_KEY_FALLBACKS."
        )

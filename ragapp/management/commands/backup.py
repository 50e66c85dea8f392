"""Back up the database and the stored files into a directory, incrementally."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from ragapp.backup.creation import create_backup
from ragapp.backup.errors import BackupFailed


class Command(BaseCommand):
    """``backup DIRECTORY [--recipient age1…] [--keep N]``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument(
            "--recipient",
            action="append",
            default=[],
            help="encrypt for this public key of age (age1…); may be repeated",
        )
        parser.add_argument("--keep", type=int, help="delete all but the newest N backups")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("--keep must be 1 at least.")
        started = time.monotonic()
        try:
            created = create_backup(
                options["directory"], recipients=options["recipient"], keep=options["keep"]
            )
        except (BackupFailed, OSError) as error:
            raise CommandError(f"Nothing was backed up; earlier backups remain. {error}") from error
        self.stdout.write(
            f"{created.snapshot}: database and {created.n_files} files, of which {created.n_new}"
            f" new ({created.new_bytes / 1e6:.1f} MB), in {time.monotonic() - started:.1f} s."
        )
        if not created.has_secrets:
            self.stdout.write(
                "Keys are in encrypted backups only: keep SECRET_KEY (secrets.json) and"
                " SAML_KEYS_DIR elsewhere."
            )

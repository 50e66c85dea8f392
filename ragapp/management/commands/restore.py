"""Restore a backup into this site, which must have no accounts, instances or files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, no_translations

from ragapp.backup.errors import BackupFailed
from ragapp.backup.restoration import RESTORED_SECRETS, open_backup, restore_backup


class Command(BaseCommand):
    """``restore DIRECTORY [--identity FILE] [--snapshot NAME]``."""

    help = __doc__
    # The schema may be of an older release until it is migrated.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument("--identity", type=Path, help="the file of the secret key of age")
        parser.add_argument("--snapshot", default="", help="the newest by default")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup = open_backup(
                options["directory"], snapshot=options["snapshot"], identity=options["identity"]
            )
            restore_backup(backup)
        except (BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        n_files = len(backup.manifest.files)
        self.stdout.write(f"Restored {backup.snapshot.name}: database and {n_files} files.")
        if backup.manifest.secrets:
            self.stdout.write(
                f"Its keys are in {settings.DATA_DIR / RESTORED_SECRETS}: put its secret_key into"
                " secrets.json (or SECRET_KEY), and the keys of SAML into SAML_KEYS_DIR."
            )
        self.stdout.write("Before it is used, migrate it (./run does).")

"""Restore a backup into a scratch database, and compare rows and checksums with the originals."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from ragapp.backup.errors import BackupFailed
from ragapp.backup.restoration import open_backup, verify_backup


class Command(BaseCommand):
    """``verifybackup DIRECTORY [--identity FILE] [--snapshot NAME]``."""

    help = __doc__

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
            problems = verify_backup(backup)
        except (BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        if problems:
            raise CommandError("\n".join(["The backup is damaged.", *problems]))
        manifest = backup.manifest
        self.stdout.write(
            f"{backup.snapshot.name}: {sum(manifest.tables.values())} rows of"
            f" {len(manifest.tables)} tables and {len(manifest.files)} files are as they were on"
            f" {manifest.created_at}."
        )

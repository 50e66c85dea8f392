"""The chain of hashes over the audit log: verified, and its end printed."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from instances.audit import checkpoints, seals
from instances.audit.verification import verify


class Command(BaseCommand):
    """``audit verify [--checkpoint FILE]``, ``audit checkpoint``, ``audit seal``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verifying = actions.add_parser(
            "verify", help="recompute the chain of hashes; fails when the log was changed"
        )
        verifying.add_argument(
            "--checkpoint",
            type=Path,
            help="what `audit checkpoint` printed once; AUDIT_CHECKPOINT_FILE by default",
        )
        actions.add_parser("checkpoint", help="print the end of the chain, to be kept elsewhere")
        sealing = actions.add_parser("seal", help="seal what is not sealed, as a task does anyway")
        sealing.add_argument(
            "--however-old",
            action="store_true",
            help="also entries that `verify` calls never sealed: look at them first",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['action']}")(**options)

    def _verify(self, *, checkpoint: Path | None, **_options: Any) -> None:
        try:
            kept = (
                checkpoints.read_checkpoint(checkpoint)
                if checkpoint
                else checkpoints.kept_checkpoint()
            )
        except (OSError, ValueError) as error:
            raise CommandError(f"The checkpoint cannot be read: {error}") from error
        found = verify(kept)
        if found.problems:
            raise CommandError("\n".join(["The audit log was changed.", *found.problems]))
        sealed = found.end.number if found.end else 0
        self.stdout.write(f"{sealed} entries are as they were sealed; {found.waiting} wait.")
        if kept is None:
            self.stdout.write("No checkpoint is kept: entries missing at the end go unnoticed.")

    def _checkpoint(self, **_options: Any) -> None:
        current = seals.current_checkpoint()
        if current is None:
            raise CommandError("Nothing is sealed yet.")
        self.stdout.write(checkpoints.as_json(current))

    def _seal(self, *, however_old: bool, **_options: Any) -> None:
        try:
            sealed = seals.seal_entries(however_old=however_old)
        except seals.UnverifiableSeal as error:
            raise CommandError(f"{error}. Run `audit verify`.") from error
        self.stdout.write(f"{sealed} entries sealed.")

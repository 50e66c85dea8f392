"""Verify and seal the audit log, and print the end of its chain of hashes."""

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
            "verify", help="recompute the chain of hashes; fails if the log was changed"
        )
        verifying.add_argument(
            "--checkpoint",
            type=Path,
            help="a former output of `audit checkpoint`; AUDIT_CHECKPOINT_FILE by default",
        )
        actions.add_parser("checkpoint", help="print the end of the chain, to be stored elsewhere")
        sealing = actions.add_parser(
            "seal", help="seal the entries without a seal, as the periodic task does"
        )
        sealing.add_argument(
            "--any-age",
            action="store_true",
            help="also those that `verify` reports as never sealed; examine them first",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['action']}")(**options)

    def _verify(self, *, checkpoint: Path | None, **_options: Any) -> None:
        try:
            kept = (
                checkpoints.read_checkpoint(checkpoint)
                if checkpoint
                else checkpoints.stored_checkpoint()
            )
        except (OSError, ValueError) as error:
            raise CommandError(f"The checkpoint cannot be read: {error}") from error
        found = verify(kept)
        if found.problems:
            raise CommandError("\n".join(["The audit log was changed.", *found.problems]))
        sealed = found.end.number if found.end else 0
        self.stdout.write(f"{sealed} entries are as they were sealed; {found.waiting} wait.")
        if kept is None:
            self.stdout.write(
                "There is no stored checkpoint: entries missing at the end are not detected."
            )

    def _checkpoint(self, **_options: Any) -> None:
        current = seals.current_checkpoint()
        if current is None:
            raise CommandError("No entry is sealed yet.")
        self.stdout.write(checkpoints.as_json(current))

    def _seal(self, *, any_age: bool, **_options: Any) -> None:
        try:
            sealed = seals.seal_entries(any_age=any_age)
        except seals.UnverifiableSeal as error:
            raise CommandError(f"{error}. Run `audit verify`.") from error
        self.stdout.write(f"{sealed} entries sealed.")

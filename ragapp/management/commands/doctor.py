"""Examine every part that the site depends on, and say what to do; exit code 1 if one failed."""

import asyncio
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from instances.models import Instance
from ragapp.doctor.examination import examine
from ragapp.doctor.findings import Finding, Level
from ragapp.doctor.question import ask


class Command(BaseCommand):
    """``doctor [--ask SLUG] [--json]``."""

    help = __doc__
    # It says itself what the checks find.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ask", metavar="SLUG", help="ask a question in this instance, too")
        parser.add_argument("--json", action="store_true", help="print an array of findings")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for finding in _findings(options["ask"]):
            findings.append(finding)
            if not options["json"]:
                self.stdout.write(_line(finding))
        if options["json"]:
            rows = [asdict(finding) for finding in findings]
            self.stdout.write(json.dumps(rows, indent=1, ensure_ascii=False))
        if any(finding.level == Level.FAILED for finding in findings):
            sys.exit(1)


def _findings(slug: str | None) -> Iterator[Finding]:
    yield from examine()
    if slug:
        instance = Instance.objects.filter(slug=slug).first()
        if instance is None:
            raise CommandError(f"No instance {slug}.")
        yield asyncio.run(ask(instance))


def _line(finding: Finding) -> str:
    advice = f" {finding.advice}" if finding.advice else ""
    return f"{finding.level:7}  {finding.part}: {finding.text}.{advice}"

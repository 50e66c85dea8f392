"""Manage the keys of the SAML service provider, single IdPs and feeds; check the set-up."""

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from accounts.saml import keys
from accounts.saml.errors import SamlError
from accounts.saml.metadata.feeds import add_feed, add_single_idp, fetch, refresh_feed
from accounts.saml.setup_check import missing


class Command(BaseCommand):
    """``saml keys``, ``saml check``, ``saml idp SOURCE``, ``saml feed NAME URL CERTIFICATES…``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        key = actions.add_parser(
            "keys", help="generate the first key, or the next one of a rollover"
        )
        key.add_argument("--promote", action="store_true", help="sign with the next key from now")
        actions.add_parser("check", help="show what is still missing")
        idp = actions.add_parser("idp", help="add an identity provider from its metadata")
        idp.add_argument("source", help="a file, or an https address")
        feed = actions.add_parser("feed", help="add a federation's signed feed, and fetch it")
        feed.add_argument("name")
        feed.add_argument("url")
        feed.add_argument("certificates", type=Path, nargs="+", help="PEM files to pin")
        feed.add_argument("--priority", type=int, default=10)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(**options)
        except (SamlError, OSError) as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error

    def _keys(self, *, promote: bool, **_options: Any) -> None:
        if promote:
            keys.promote()
            self.stdout.write("The next key signs from now on; the old one still decrypts.")
            return
        name = "next" if keys.key_pairs(("current",)) else "current"
        pair = keys.generate(name)
        self.stdout.write(f"Made {pair.key} and {pair.certificate}: keep a copy of both.")

    def _check(self, **_options: Any) -> None:
        problems = missing()
        for problem in problems:
            self.stdout.write(f"- {problem}")
        if problems:
            raise CommandError(f"{len(problems)} to do")
        self.stdout.write("Ready: send the address of our metadata to your federation.")

    def _idp(self, *, source: str, **_options: Any) -> None:
        with TemporaryDirectory() as folder:
            file = Path(source)
            if source.startswith("https://"):
                file = Path(folder) / "idp.xml"
                fetch(source, file)
            provider = add_single_idp(file.read_bytes())
        self.stdout.write(f"{provider.pk} {provider.entity_id}")

    def _feed(
        self, *, name: str, url: str, certificates: list[Path], priority: int, **_options: Any
    ) -> None:
        pinned = "\n".join(path.read_text() for path in certificates)
        feed = add_feed(name=name, url=url, certificates=pinned, priority=priority)
        self.stdout.write(str(refresh_feed(feed)))

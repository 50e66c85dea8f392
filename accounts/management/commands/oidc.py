"""OpenID Connect providers: Keycloak, ProConnect and others."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from allauth.socialaccount.models import SocialApp
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.core.validators import validate_slug

from accounts.oidc import registration
from accounts.oidc.errors import OidcError


class Command(BaseCommand):
    """``oidc add SLUG NAME ISSUER --client-id ID --client-secret-file FILE``, ``oidc list``…"""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="add a provider, or replace its configuration")
        add.add_argument("slug", help="part of its addresses here, such as keycloak")
        add.add_argument("name", help="its name on the login page")
        add.add_argument("issuer", help="its issuer URL, exactly as in its discovery document")
        add.add_argument("--client-id", required=True)
        add.add_argument("--client-secret-file", type=Path, required=True)
        add.add_argument("--scopes", default=" ".join(registration.DEFAULT_SCOPES))
        add.add_argument("--mfa-acr", default="", help="acr values that mean a second factor")
        add.add_argument("--no-pkce", action="store_true", help="for a provider that rejects PKCE")
        actions.add_parser("list", help="list the providers")
        for name, text in (
            ("check", "show what is wrong with a provider"),
            ("remove", "remove a provider"),
        ):
            actions.add_parser(name, help=text).add_argument("slug")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['action']}")(**options)

    def _add(
        self,
        *,
        slug: str,
        name: str,
        issuer: str,
        client_id: str,
        client_secret_file: Path,
        scopes: str,
        mfa_acr: str,
        no_pkce: bool,
        **_options: Any,
    ) -> None:
        try:
            validate_slug(slug)
            registration.add_provider(
                slug=slug,
                name=name,
                issuer=issuer,
                client_id=client_id,
                client_secret=client_secret_file.read_text().strip(),
                scopes=scopes.split(),
                mfa_acr=mfa_acr.split(),
                pkce=not no_pkce,
            )
        except (OidcError, OSError, ValueError) as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error
        self.stdout.write("Register these addresses at the provider:")
        self.stdout.write(f"  redirect URI              {registration.callback_url(slug)}")
        self.stdout.write(f"  post-logout redirect URI  {registration.after_logout_url()}")
        self.stdout.write(
            "Then add a login rule (Operation, Logins): without one, nobody can log in through it."
        )

    def _list(self, **_options: Any) -> None:
        for app in registration.providers():
            self.stdout.write(f"{app.provider_id}\t{app.name}\t{app.settings['server_url']}")

    def _check(self, *, slug: str, **_options: Any) -> None:
        found = list(registration.problems(self._app(slug)))
        for problem in found:
            self.stdout.write(f"- {problem}")
        if found:
            raise CommandError(f"{len(found)} to look at")
        self.stdout.write("Ready.")

    def _remove(self, *, slug: str, **_options: Any) -> None:
        registration.remove_provider(self._app(slug))
        self.stdout.write(f"{slug} is removed, and its sessions have ended.")

    def _app(self, slug: str) -> SocialApp:
        app = registration.providers().filter(provider_id=slug).first()
        if app is None:
            raise CommandError(f"There is no provider {slug}: see ./manage oidc list")
        return app

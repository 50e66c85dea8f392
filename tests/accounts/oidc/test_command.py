"""``./manage oidc``: add, list, check and remove providers."""

from io import StringIO

import pytest
from allauth.socialaccount.models import SocialApp
from django.core.management import CommandError, call_command

from accounts.models import LoginRule
from accounts.oidc.configuration import client_secret_of, configuration_of
from accounts.tasks import refresh_oidc_providers
from tests.accounts.oidc.scripted_issuer import CLIENT_ID, CLIENT_SECRET
from tests.factories import OrganisationFactory


def oidc(*arguments):
    out = StringIO()
    call_command("oidc", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text(f"{CLIENT_SECRET}\n")
    return str(path)


def add(issuer, secret_file, *more):
    return oidc(
        *("add", "keycloak", "Université A", issuer.url),
        *("--client-id", CLIENT_ID, "--client-secret-file", secret_file, *more),
    )


def test_provider_is_added_checked_and_removed(db, issuer, secret_file):
    told = add(issuer, secret_file)
    assert "https://rag.example/accounts/oidc/keycloak/login/callback/" in told
    assert "https://rag.example/accounts/login/" in told
    app = SocialApp.objects.get()
    assert (client_secret_of(app), app.settings["server_url"]) == (CLIENT_SECRET, issuer.url)
    assert oidc("list") == f"keycloak\tUniversité A\t{issuer.url}\n"
    with pytest.raises(CommandError, match="1 to look at"):
        oidc("check", "keycloak")
    LoginRule.objects.create(organisation=OrganisationFactory(), oidc_provider=app)
    assert oidc("check", "keycloak") == "Ready.\n"
    oidc("remove", "keycloak")
    assert not SocialApp.objects.exists()


def test_second_add_replaces_provider(db, issuer, secret_file):
    add(issuer, secret_file)
    add(issuer, secret_file, "--scopes", "openid uid siret", "--mfa-acr", "eidas2")
    app = SocialApp.objects.get()
    assert app.settings["scope"] == ["openid", "uid", "siret"]
    assert app.settings["mfa_acr"] == ["eidas2"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("check", "nobody"), "There is no provider nobody"),
        (("remove", "nobody"), "There is no provider nobody"),
    ],
)
def test_unknown_provider_is_an_error(db, arguments, reason):
    with pytest.raises(CommandError, match=reason):
        oidc(*arguments)


def test_unreachable_provider_is_not_added(db, issuer, secret_file):
    issuer.discovery = {"issuer": "https://evil.example"}
    with pytest.raises(CommandError, match="is of the issuer"):
        add(issuer, secret_file)
    assert not SocialApp.objects.exists()


def test_check_lists_problems(app, rule, issuer, settings):
    settings.SITE_URL = "http://rag.example"
    issuer.discovery = {"userinfo_endpoint": "", "end_session_endpoint": ""}
    issuer.keys = [{"kty": "oct", "alg": "HS256", "k": "eA"}]
    with pytest.raises(CommandError, match="4 to look at"):
        oidc("check", "keycloak")


def test_endpoints_are_refreshed_every_hour(app, issuer):
    issuer.discovery = {"token_endpoint": f"{issuer.url}/new-token"}
    refresh_oidc_providers()
    app.refresh_from_db()
    assert configuration_of(app).token_endpoint == f"{issuer.url}/new-token"
    issuer.discovery = {"issuer": "https://evil.example"}
    refresh_oidc_providers()
    app.refresh_from_db()
    assert configuration_of(app).token_endpoint == f"{issuer.url}/new-token"

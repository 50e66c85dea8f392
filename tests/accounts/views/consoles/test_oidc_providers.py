"""Operators add, check, change and remove OpenID Connect providers."""

import pytest
from allauth.socialaccount.models import SocialApp
from django.db import connection

from accounts.oidc import configuration
from accounts.oidc.configuration import client_secret_of
from accounts.oidc.http import fetch_object
from tests.accounts.oidc.conftest import *  # noqa: F403 (its issuer)
from tests.accounts.oidc.scripted_issuer import CLIENT_ID, CLIENT_SECRET
from tests.accounts.views.consoles.conftest import actions, url
from tests.factories import OrganisationFactory


@pytest.fixture
def form(issuer):
    """What a valid form sends."""
    return {
        "name": "Université A",
        "slug": "keycloak",
        "issuer": issuer.url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scopes": "openid profile",
        "pkce": "on",
    }


def test_operator_adds_checks_changes_and_removes_provider(console, issuer, form):
    assert "No provider yet" in console.get(url("oidc_providers")).text
    page_url = console.post(url("oidc_provider_add"), form).url
    app = SocialApp.objects.get()
    page = console.get(page_url).text
    assert "https://rag.example/accounts/oidc/keycloak/login/callback/" in page
    assert CLIENT_SECRET not in page

    check = url("oidc_provider_check", app.pk)
    assert "No enabled login rule admits its people" in console.post(check).text
    app.rules.create(organisation=OrganisationFactory())
    assert "Nothing is missing" in console.post(check).text
    issuer.keys = [{"kty": "oct", "alg": "HS256", "k": "eA"}]
    issuer.discovery = {"issuer": "https://evil.example"}
    assert "It cannot be used" in console.post(check).text

    # The stored secret is kept when the field is empty, and not shown in the form.
    issuer.reset()
    change = url("oidc_provider_change", app.pk)
    assert CLIENT_SECRET not in console.get(change).text
    console.post(change, form | {"client_secret": "", "name": "Univ A", "scopes": "openid email"})
    app.refresh_from_db()
    assert (app.name, app.settings["scope"]) == ("Univ A", ["openid", "email"])
    assert client_secret_of(app) == CLIENT_SECRET

    console.post(url("oidc_provider_remove", app.pk))
    assert not SocialApp.objects.exists()
    assert actions() == ["login_source.changed"] * 3


def test_no_transaction_is_open_while_provider_is_asked(console, issuer, form, monkeypatch):
    """A slow provider would hold a connection of the pool."""
    open_blocks = []

    def fetch_and_look(address):
        open_blocks.append(len(connection.atomic_blocks))
        return fetch_object(address)

    monkeypatch.setattr(configuration, "fetch_object", fetch_and_look)
    console.post(url("oidc_provider_add"), form)
    app = SocialApp.objects.get()
    console.post(url("oidc_provider_change", app.pk), form)
    console.post(url("oidc_provider_check", app.pk))
    # Of the test itself.
    assert set(open_blocks) == {len(connection.atomic_blocks)}
    assert len(open_blocks) == 4


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"slug": "keycloak"}, "slug"),
        ({"slug": "saml"}, "slug"),
        ({"slug": "other", "issuer": "https://127.0.0.1:9/realm"}, "issuer"),
        ({"slug": "other", "client_secret": ""}, "client_secret"),
    ],
    ids=["taken", "protocol", "unreachable", "no secret"],
)
def test_invalid_provider_is_not_added(console, app, form, changed, field):
    answer = console.post(url("oidc_provider_add"), form | changed)
    assert answer.context["form"].errors.keys() == {field}
    assert SocialApp.objects.get() == app

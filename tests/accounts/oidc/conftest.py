"""A scripted issuer, its provider row, and a browser that logs in through it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.test import Client

from accounts.models import LoginRule
from accounts.oidc.registration import add_provider
from people.models import User
from tests.accounts.oidc.scripted_issuer import CLIENT_ID, CLIENT_SECRET, Issuer, running_issuer
from tests.factories import OrganisationFactory


@pytest.fixture(scope="session")
def the_issuer() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(the_issuer: Issuer, settings: Any) -> Issuer:
    the_issuer.reset()
    settings.SITE_URL = "https://rag.example"
    settings.ALLOWED_HOSTS = ["testserver"]
    return the_issuer


@pytest.fixture
def app(db: None, issuer: Issuer) -> Any:
    app = add_provider(
        slug="keycloak",
        name="Université A",
        issuer=issuer.url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    issuer.asked.clear()
    return app


@pytest.fixture
def rule(app: Any) -> LoginRule:
    return LoginRule.objects.create(
        organisation=OrganisationFactory(slug="univ-a"), oidc_provider=app, affiliations=[]
    )


class Browser:
    """A browser that goes through logins."""

    def __init__(self, issuer: Issuer) -> None:
        self.client = Client()
        self.issuer = issuer

    def begin(self, slug: str = "keycloak", **query: str) -> str:
        """Where the site sends the browser."""
        response = self.client.get(f"/accounts/oidc/{slug}/login/", query)
        assert response.status_code == 302, response.text
        return response.url

    def log_in(self, **claims: Any) -> Any:
        """The site's answer at the end of a whole login."""
        return self.client.get(self.issuer.authorize(self.begin(), **claims))

    @property
    def person(self) -> User | None:
        user = get_user(self.client)
        return user if user.is_authenticated else None


@pytest.fixture
def browser(issuer: Issuer) -> Browser:
    return Browser(issuer)


def code_of(response: Any) -> str:
    """The failure's code on its page."""
    assert "data-code=" in response.text, (response.status_code, response.text[:500])
    return response.text.partition('data-code="')[2].partition('"')[0]

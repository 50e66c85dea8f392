"""Every page refuses values that no browser sends, without a server error."""

import pytest
from django.test import Client

from instances.models import Charter, Instance
from tests.cast import Cast, make_cast
from tests.site_map import ALL_PAGES, Page, values_inside

HOSTILE = {
    "nul": "a\0b",
    "huge": "9" * 40,
    "long": "é" * 2_000 + "\r\nBcc: victim@example.org",
    "last day": "9999-12-31",
}
by_value = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
# Every name of a query parameter or form field.
QUERY = (
    *("q", "page", "after", "before", "next", "status", "sort", "action", "place", "person"),
    *("since", "until", "organisation", "instance", "idp", "lang", "kind", "state", "error"),
    *("SAMLRequest", "SAMLResponse", "RelayState", "code", "iss"),
    *("feed", "identity_provider", "oidc_provider"),
)
FIELDS = (
    *("identifier", "role", "expires_at", "username", "email", "first_name", "last_name", "people"),
    *("note", "valid_days", "access_until", "audience", "organisation_ids", "federation", "scopes"),
    *("attribute", "values", "affiliations", "second_factor", "name", "purpose", "sensitivity"),
    *("expected_members", "language", "organisation", "scope", "lifetime_days", "reason", "answer"),
    *("max_documents", "max_stored_bytes", "max_instances", "idle_months", "support_contact"),
    *("creation_rule", "member", "confirmation", "text_fr", "text_en", "charter", "next", "theme"),
    *("description", "welcome_text", "accent_colour", "own_accent", "model_id", "instructions"),
    *("cost_centre", "strictness", "top_k", "provider", "question", "model", "title", "value"),
    *("documents", "personal_data", "number_patterns"),
    *("url", "certificates", "priority", "metadata", "slug", "issuer", "client_id"),
    *("client_secret", "mfa_acr", "allowed_scopes", "required", "feed", "identity_provider"),
    *("login", "password", "code", "SAMLResponse", "RelayState", "document_ids", "tags", "ids"),
)
# Django's own forms, and the reader's own session.
LEFT_OUT = ("admin:", "account_logout", "saml:logout")


def hostile_pages() -> list[Page]:
    """The pages that a test can open, each once."""
    return [
        page
        for page in ALL_PAGES
        if page.name and "(?P" not in page.route and not page.name.startswith(LEFT_OUT)
    ]


@pytest.fixture
def inside(transactional_db) -> tuple[Cast, dict[str, object]]:
    """The cast, whose owner may open every page of the site, and values for its arguments."""
    cast = make_cast()
    cast.owner.is_staff = cast.owner.is_superuser = True
    cast.owner.save()
    return cast, values_inside(cast)


def reader(cast: Cast) -> Client:
    """The owner, logged in, in an active instance."""
    Instance.objects.update(status="active")
    Charter.objects.update(is_current=False)
    client = Client()
    client.force_login(cast.owner)
    return client


@by_value
def test_hostile_query_causes_no_server_error(inside, value):
    cast, values = inside
    client = reader(cast)
    for page in hostile_pages():
        path = page.path(values)
        answer = client.get(path, dict.fromkeys(QUERY, value))
        assert answer.status_code != 500, path


@by_value
def test_hostile_form_causes_no_server_error(inside, value):
    cast, values = inside
    for page in hostile_pages():
        path = page.path(values)
        answer = reader(cast).post(path, dict.fromkeys(FIELDS, value))
        assert answer.status_code != 500, path

"""Pages show nothing of an instance to non-members, whatever ids they send."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.urls.converters import IntConverter, UUIDConverter

from administration.lifecycle.contents import tenant_models
from instances.models import AccessRule, ApiKey, Invitation, Membership
from instances.tenancy import administering, overseeing
from tests import factories
from tests.cast import make_cast
from tests.isolation.canaries import CANARY, fill, picture
from tests.isolation.tour import FORMS, member_pages
from tests.site_map import TENANT_PAGES, values_inside

# About people and rights: what an organisation's administrators manage.
ADMINISTERED = {AccessRule, ApiKey, Invitation, Membership}
TENANT_MODELS = sorted(tenant_models(), key=lambda model: model._meta.label)
by_label = pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model._meta.label)


@pytest.fixture
def cast(transactional_db):
    """The cast, with canaries in their instance."""
    cast = make_cast()
    fill(cast.instance, cast.owner)
    return cast


def visit(client: Client, path: str, form: dict[str, object]) -> list[tuple[int, str]]:
    """The statuses and texts of a GET and of a POST."""
    found = []
    for response in (client.get(path), client.post(path, form)):
        text = "" if response.streaming else response.content.decode(errors="replace")
        found.append((response.status_code, text))
    return found


def names_a_row(converter: object) -> bool:
    return isinstance(converter, IntConverter | UUIDConverter)


def test_objects_of_another_instance_are_404(cast, client_for):
    stranger = client_for(cast.stranger)
    values = values_inside(cast)
    before = picture(cast.instance)
    in_mine = values | {"slug": cast.other_instance.slug}
    pages = [page for page in TENANT_PAGES if any(map(names_a_row, page.converters.values()))]
    assert len(pages) > 15
    for page in pages:
        form = FORMS.get(page.name, lambda _values: {})(values)
        for status, text in visit(stranger, page.path(in_mine), form):
            assert status in {404, 405}, page.name
            assert CANARY not in text, page.name
    assert picture(cast.instance) == before


@pytest.mark.parametrize("person", ["stranger", "operator", "organisation administrator"])
def test_no_page_shows_instance_content_to_non_members(cast, client_for, person):
    user = cast.stranger
    if person == "operator":
        user = factories.UserFactory(is_staff=True, is_superuser=True)
    elif person == "organisation administrator":
        user = factories.UserFactory()
        factories.OrganisationAdministratorFactory(
            organisation=cast.instance.organisation, user=user
        )
    client = client_for(user)
    values = values_inside(cast) | {"organisation": cast.instance.organisation.slug}
    # What is managed from outside may be named there: keys and invitations.
    for page in member_pages():
        for method in (client.get, client.post):
            response = method(page.path(values))
            if not response.streaming:
                text = response.content.decode(errors="replace")
                assert f"{CANARY}." not in text, f"{page.name} shows {person} content"
                assert f"{CANARY}?" not in text, f"{page.name} shows {person} a question"


@by_label
def test_organisation_administrator_sees_memberships_but_no_content(cast, model):
    with administering(cast.instance.organisation):
        assert bool(model._base_manager.count()) == (model in ADMINISTERED)
    with administering(cast.other_instance.organisation):
        assert model._base_manager.filter(instance=cast.instance).count() == 0


@by_label
def test_an_operator_sees_no_content(cast, model):
    with overseeing():
        assert model._base_manager.count() == 0


def test_django_admin_registers_no_tenant_model():
    assert set(TENANT_MODELS) & set(admin.site._registry) == set()


def test_django_admin_shows_no_content(cast, client_for):
    operator = client_for(factories.UserFactory(is_staff=True, is_superuser=True))
    pages = [reverse("admin:index")]
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages.append(reverse(f"{name}_changelist"))
        if model._base_manager.exists():
            key = model._base_manager.first().pk
            pages += [reverse(f"{name}_{page}", args=[key]) for page in ("change", "history")]
            if model_admin.has_delete_permission.__func__ is admin.ModelAdmin.has_delete_permission:
                pages.append(reverse(f"{name}_delete", args=[key]))
    assert len(pages) > 8
    for page in pages:
        assert CANARY not in operator.get(page, follow=True).content.decode(), page

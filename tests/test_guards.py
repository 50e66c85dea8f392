"""Guards that visit every model and every URL, including new ones.

They fail for a new tenant table without row security, a new model without an instance, and a new
page that a stranger can open.
"""

from uuid import UUID

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.test import Client

from administration.lifecycle.contents import tenant_models
from instances.tenancy import as_user, tenant
from tests import factories
from tests.all_factories import FACTORIES
from tests.cast import Cast, make_cast
from tests.site_map import ALL_PAGES, TENANT_PAGES, values_inside
from usage.models import UsageRecord

PROJECT_APPS = {
    "accounts",
    "administration",
    "chat",
    "evaluation",
    "ingestion",
    "inference",
    "instances",
    "people",
    "retrieval",
    "sources",
    "usage",
}
# Models of the deployment, not of a tenant.
SHARED_MODELS = {
    "accounts.IdentityProvider",
    "accounts.LoginRule",
    "accounts.MetadataFeed",
    "accounts.OidcSession",
    "accounts.SamlPost",
    "accounts.SamlReplay",
    "accounts.SamlRequest",
    "accounts.SamlSession",
    "inference.Backend",
    "inference.BackendAccess",
    "inference.JobTemplate",
    "inference.LanguageModel",
    "inference.ModelRules",
    "inference.ServerJob",
    "instances.AccountControl",
    "instances.AuditEntry",
    "instances.AuditSeal",
    "instances.Charter",
    "instances.CharterAcceptance",
    "instances.DeletionRecord",
    "instances.Identity",
    "instances.Instance",
    "instances.InstanceRequest",
    "instances.InstanceTotals",
    "instances.Organisation",
    "instances.OrganisationAdministrator",
    "people.User",
    "usage.CellName",
    "usage.ConnectionTest",
    "usage.DailyCell",
    "usage.LedgerLine",
    "usage.MonthlyCell",
    "usage.PendingDay",
    "usage.PendingMonth",
    "usage.Quota",
    "usage.QuotaCounter",
}
# Pages open without login.
PUBLIC_VIEWS = {
    "account_confirm_email",
    "account_email",
    "account_email_verification_sent",
    "account_inactive",
    "account_login",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_set_password",
    "account_signup",
    "admin:jsi18n",
    "admin:login",
    "admin:logout",
    "api:openapi-json",
    "api:openapi-view",
    "healthz",
    "invitation",
    "invitation_account",
    "metrics",
    "readyz",
    "saml:acs",
    "saml:discovery",
    "saml:finish",
    "saml:institutions",
    "saml:login",
    "saml:logout",
    "saml:metadata",
    "saml:slo",
    "set_language",
    "slurm_register",
    "socialaccount_connections",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "socialaccount_signup",
}
TENANT_MODELS = sorted(tenant_models(), key=lambda model: model._meta.label)
by_label = pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model._meta.label)


def rows(model: type) -> int:
    """Number of rows visible under the current PostgreSQL settings."""
    return model._base_manager.count()


def test_every_model_is_instance_owned_or_listed_as_shared():
    ours = {model for model in apps.get_models() if model._meta.app_label in PROJECT_APPS}
    assert {model._meta.label for model in ours - set(TENANT_MODELS)} == SHARED_MODELS


@by_label
def test_row_security_is_forced_on_every_tenant_table(db, model):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) <> current_user"
            " FROM pg_class WHERE oid = %s::regclass",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (True, True, True)


def test_application_role_cannot_bypass_row_security(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles"
            " WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False, False, False)


@by_label
def test_row_is_visible_only_in_its_instance(cast, model):
    row = FACTORIES[model](instance=cast.instance)
    assert rows(model) == 0
    with tenant(cast.instance):
        mine = rows(model)
        assert mine >= 1
    with tenant(cast.other_instance):
        seen = model._base_manager.filter(instance=cast.instance)
        assert seen.count() == 0
        assert seen.update(instance=cast.other_instance) == 0
        assert model._base_manager.filter(pk=row.pk).delete()[0] == 0
    with tenant(cast.instance):
        assert rows(model) == mine


@by_label
@pytest.mark.parametrize("setting", ["none", "other"])
def test_row_cannot_be_written_into_another_instance(cast, model, setting):
    row = FACTORIES[model].build(instance=cast.instance, **built_parents(model, cast))
    row.pk = row.pk if isinstance(row.pk, UUID) else None
    elsewhere = tenant(cast.other_instance) if setting == "other" else transaction.atomic()
    with pytest.raises(DatabaseError, match="row-level security"), elsewhere:
        row.save_base(force_insert=True)


def built_parents(model: type, cast: Cast) -> dict[str, object]:
    """Real rows for the foreign keys of a row that is only built."""
    parents: dict[str, object] = {}
    for field in model._meta.concrete_fields:
        if field.is_relation and field.name != "instance" and not field.null:
            factory = FACTORIES[field.related_model]
            shared = issubclass(factory, factories.TenantFactory)
            parents[field.name] = factory(**({"instance": cast.instance} if shared else {}))
    return parents


def test_as_user_shows_only_own_memberships_and_usage(cast):
    factories.DocumentFactory(instance=cast.instance)
    for person in (cast.teammate, cast.owner):
        FACTORIES[UsageRecord](instance=cast.instance, user=person)
    with as_user(cast.teammate.pk):
        counts = {model._meta.label: rows(model) for model in TENANT_MODELS}
    assert counts.pop("instances.Membership") == 1
    assert counts.pop("usage.UsageRecord") == 1
    assert set(counts.values()) == {0}


@pytest.fixture
def inside(transactional_db) -> tuple[Cast, dict[str, object]]:
    """The cast, and rows in their instance for every argument of a URL."""
    cast = make_cast()
    return cast, values_inside(cast)


def answers(person: object, path: str) -> set[int]:
    """The statuses of a GET and of a POST."""
    client = Client()
    if person is not None:
        client.force_login(person)
    return {client.get(path).status_code, client.post(path).status_code}


def test_stranger_gets_404_on_every_instance_page(inside):
    cast, values = inside
    assert len(TENANT_PAGES) > 20
    for page in TENANT_PAGES:
        path = page.path(values)
        # A page with one method answers 405 to the other before it checks access.
        assert answers(cast.stranger, path) - {405} == {404}, path


def test_owner_can_open_every_instance_page(inside):
    cast, values = inside
    for page in TENANT_PAGES:
        if page.name in {"administration:member_remove", "documents:delete"}:
            continue
        path = page.path(values)
        assert answers(cast.owner, path) != {404}, path


CONSOLE_PAGES = [page for page in ALL_PAGES if page.route.startswith("o/")]
OPERATOR_PAGES = [
    page
    for page in ALL_PAGES
    if page.name.startswith(("administration:", "operation:"))
    and page.route.startswith(("organisations/", "operation/"))
]


def test_only_organisation_administrators_can_open_its_console(inside):
    """Administrators of an instance or of another organisation get 404."""
    cast, values = inside
    elsewhere = factories.OrganisationAdministratorFactory(
        organisation=cast.other_instance.organisation
    ).user
    assert len(CONSOLE_PAGES) > 20
    for page in CONSOLE_PAGES:
        path = page.path(values)
        for person in (cast.stranger, cast.owner, elsewhere):
            assert answers(person, path) - {405} == {404}, path


@pytest.mark.parametrize("is_operator", [False, True], ids=["administrator", "operator"])
def test_administrators_and_operators_can_open_the_console(inside, is_operator):
    cast, values = inside
    organisation = cast.instance.organisation
    administrator = factories.OrganisationAdministratorFactory(organisation=organisation).user
    person = factories.UserFactory(is_staff=True) if is_operator else administrator
    for page in CONSOLE_PAGES:
        path = page.path(values)
        assert answers(person, path) != {404}, path


def test_organisation_administrator_cannot_open_operator_pages(inside):
    cast, values = inside
    organisation = cast.instance.organisation
    administrator = factories.OrganisationAdministratorFactory(organisation=organisation).user
    assert len(OPERATOR_PAGES) > 8
    for page in [
        *OPERATOR_PAGES,
        *(page for page in ALL_PAGES if page.name == "organisation_switch"),
    ]:
        refused = {403} if page.name == "administration:new_organisation" else {404}
        path = page.path(values)
        assert answers(administrator, path) - {405} == refused, path


def test_anonymous_user_cannot_open_private_pages(inside):
    _cast, values = inside
    for page in ALL_PAGES:
        # Patterns without a name are allauth's redirects from former URLs.
        if not page.name or page.name in PUBLIC_VIEWS or "(?P" in page.route:
            continue
        path = page.path(values)
        client = Client()
        for response in (client.get(path), client.post(path)):
            refused = response.status_code in {401, 403, 404, 405}
            sent_to_login = response.status_code == 302 and "/login/" in response.url
            assert refused or sent_to_login, f"{page.name} {path}: {response.status_code}"

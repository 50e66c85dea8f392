"""The consoles of an organisation and of the site in a real browser: a journey, then axe."""

import pytest
from playwright.sync_api import expect

from instances import audit
from instances.access import charters
from instances.models import InstanceRequest
from tests.browser.test_administration import is_accessible
from tests.cast import make_cast
from tests.factories import (
    DocumentFactory,
    IdentityFactory,
    InstanceFactory,
    OrganisationAdministratorFactory,
    UserFactory,
)
from tests.site_map import values_of_logins

CONSOLE = ["", "requests/", "people/", "administrators/", "charter/", "charter/publish/"]
CONSOLE += ["charter/1/", "audit/", "deletions/", "settings/", "instances/law/", "login-rules/"]
CONSOLE += ["backends/", "usage/", "statements/", "quotas/", "quotas/new/"]
OPERATION = ["", "operators/", "charter/", "audit/", "backends/", "backends/new/"]
OPERATION += ["usage/?length=year", "statements/", "quotas/"]
# Pages of logins and accounts; "{…}" stands for the row that ``values_of_logins`` made.
LOGINS = ["login-rules/", "login-rules/{login_rule_id}/", "feeds/{feed_id}/", "service-provider/"]
LOGINS += ["identity-providers/", "identity-providers/{identity_provider_id}/"]
LOGINS += ["openid-connect/{oidc_provider_id}/", "accounts/", "accounts/{person_id}/"]
ADMIN = ["", "people/user/", "people/user/{person_id}/change/"]


@pytest.fixture
def cast(transactional_db):
    """The cast, whose owner administers the organisation as well."""
    cast = make_cast()
    organisation = cast.instance.organisation
    OrganisationAdministratorFactory(organisation=organisation, user=cast.owner)
    IdentityFactory(user=cast.editor, organisation_ids=[organisation.pk])
    DocumentFactory(instance=cast.instance)
    for status in ("archived", "suspended"):
        InstanceFactory(organisation=organisation, status=status, owner=cast.editor)
    InstanceRequest.objects.create(
        organisation=organisation, requested_by=cast.editor, name="History", purpose="Archives."
    )
    audit.record(audit.Action.MEMBER_ADDED, instance=cast.instance, target="Ada", role="editor")
    return cast


def test_administrator_approves_request_and_publishes_charter(page_for, cast):
    slug = cast.instance.organisation.slug
    page = page_for(cast.owner)
    page.goto("/")
    page.locator("[popovertarget=person-menu]").click()
    page.get_by_role("link", name=cast.instance.organisation.name).click()
    page.get_by_role("link", name="1 request awaits your answer").click()
    page.get_by_role("button", name="Approve History").click()
    expect(page.get_by_text("The instance History was created.")).to_be_visible()

    page.get_by_role("link", name="Usage charter").click()
    page.get_by_role("link", name="Write one").click()
    page.get_by_label("text in English").fill("Always check the answers.")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Nothing is published yet.")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 1 is published.")).to_be_visible()

    member = page_for(cast.teammate)
    member.goto("/i/law/")
    expect(member.get_by_text("Always check the answers.")).to_be_visible()
    member.get_by_role("button", name="I have read this and accept it").click()
    expect(member).to_have_url(f"{member.url.split('/i/')[0]}/i/law/")

    page.goto(f"/o/{slug}/audit/")
    sentence = f"owner (owner, no. {cast.owner.pk}) published a usage charter of"
    expect(page.get_by_text(sentence)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "charter.published" in download.value.path().read_text()


def test_administrator_removes_member_and_suspends_instance(page_for, cast):
    page = page_for(cast.owner)
    page.goto(f"/o/{cast.instance.organisation.slug}/")
    page.get_by_role("link", name="Faculté de droit").click()
    page.get_by_role("button", name="Actions for teammate").click()
    page.get_by_role("button", name="Remove from the instance").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("teammate was removed.")).to_be_visible()
    page.get_by_label("Reason, shown to its members").fill("Personal data were uploaded.")
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("The instance is suspended.")).to_be_visible()
    editor = page_for(cast.editor)
    editor.goto("/i/law/")
    expect(editor.get_by_text("Personal data were uploaded.")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("fr-FR", "light", 1440), ("en-GB", "dark", 390), ("fr-FR", "dark", 320)],
)
def test_console_pages_are_accessible(page_for, axe, cast, locale, scheme, width):
    organisation = cast.instance.organisation
    version = charters.publish(
        organisation=organisation, text_fr="Lisez.", text_en="", user_id=None
    )
    charters.accept(user_id=cast.teammate.pk, charters=[version])
    operator = UserFactory(is_staff=True)
    page = page_for(operator, locale=locale, scheme=scheme, width=width)
    for path in [f"/o/{organisation.slug}/{name}" for name in CONSOLE]:
        page.goto(path)
        is_accessible(page, axe)
    for path in [f"/organisations/{name}" for name in OPERATION]:
        page.goto(path)
        is_accessible(page, axe)


@pytest.mark.parametrize(
    ("locale", "scheme", "width"), [("en-GB", "light", 1440), ("fr-FR", "dark", 320)]
)
def test_pages_of_logins_and_accounts_are_accessible(page_for, axe, cast, locale, scheme, width):
    values = values_of_logins(cast.instance.organisation)
    operator = UserFactory(is_staff=True, is_superuser=True)
    page = page_for(operator, locale=locale, scheme=scheme, width=width)
    for name in LOGINS:
        page.goto(f"/operation/{name}".format(**values))
        is_accessible(page, axe)
    admin = page_for(operator, locale=locale, scheme=scheme, width=width, bypass_csp=True)
    for name in ADMIN:
        admin.goto(f"/admin/{name}".format(**values))
        assert axe(admin) == []

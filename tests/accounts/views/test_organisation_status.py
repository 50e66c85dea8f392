"""Operators disable and enable organisations, and manage operators."""

import pytest
from allauth.socialaccount.models import SocialApp
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from accounts.logins.withdrawal import disable_organisation
from accounts.models import LoginRule, OidcSession
from instances.access.api_keys import create_api_key, is_usable
from instances.models import AuditEntry, Organisation
from instances.organisations.operators import operators
from instances.tenancy import overseeing
from tests.adding_members import find_and_add
from tests.factories import InstanceFactory, OrganisationFactory, UserFactory


@pytest.fixture
def operator(db):
    return UserFactory(username="operator", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(operator, client_for):
    return client_for(operator)


def actions():
    with overseeing():
        return list(AuditEntry.objects.order_by("at").values_list("action", flat=True))


def test_organisations_are_listed_with_their_counts(cast, browser):
    page = browser.get(reverse("administration:organisations"))
    numbers = {one.slug: (one.n_instances, one.n_documents) for one in page.context["page"]}
    assert numbers[cast.instance.organisation.slug] == (1, 0)
    name = cast.other_instance.organisation.name
    found = browser.get(reverse("administration:organisations"), {"q": name}).context["page"]
    assert [one.name for one in found] == [name]


def test_number_of_queries_is_constant(browser, django_assert_max_num_queries):
    for organisation in OrganisationFactory.create_batch(60):
        InstanceFactory(organisation=organisation)
    with django_assert_max_num_queries(14):
        browser.get(reverse("administration:organisations"))


def test_disabled_organisation_cannot_be_entered(cast, browser, client_for):
    organisation = cast.instance.organisation
    member = client_for(cast.teammate)
    key, _plaintext = create_api_key(
        instance=cast.instance, name="script", scope="chat", created_by=cast.editor
    )
    switch = reverse("organisation_switch", args=[organisation.slug])
    browser.post(switch, {"is_enabled": "no"})
    assert member.get("/i/law/").status_code == 403
    assert not is_usable(key)
    assert client_for(cast.stranger).get("/i/physics/").status_code == 200
    browser.post(switch, {"is_enabled": "yes"})
    assert member.get("/i/law/").status_code == 200
    assert is_usable(key)
    assert actions()[-2:] == ["organisation.disabled", "organisation.enabled"]


def test_sessions_of_disabled_organisation_end_at_once(cast, client_for, oidc_session):
    inside, outside = client_for(cast.teammate), client_for(cast.stranger)
    oidc_session(inside, cast.teammate, cast.instance.organisation)
    oidc_session(outside, cast.stranger, cast.other_instance.organisation)
    assert disable_organisation(cast.instance.organisation) == 1
    assert inside.get("/accounts/profile/").status_code == 302
    assert outside.get("/accounts/profile/").status_code == 200


@pytest.fixture
def oidc_session():
    """``oidc_session(client, user, organisation)``: as if a rule of it had opened the session."""

    def note(client, user, organisation):
        app = SocialApp.objects.create(
            provider="openid_connect", provider_id=organisation.slug, name="IdP", client_id="x"
        )
        rule = LoginRule.objects.create(organisation=organisation, oidc_provider=app)
        assert Session.objects.filter(session_key=client.session.session_key).exists()
        OidcSession.objects.create(
            user=user,
            rule=rule,
            session_key=client.session.session_key,
            expires_at=timezone.now(),
        )

    return note


def test_operators_are_added_and_last_is_kept(browser, operator, client_for):
    UserFactory(username="second")
    path = reverse("administration:operators")
    assert browser.post(path, {"identifier": "nobody"}).context["form"].errors
    assert find_and_add(browser, path, {"identifier": "operator"}).context["form"].errors
    find_and_add(browser, path, {"identifier": "second"})
    second = operators().get(username="second")
    assert second.is_superuser
    assert client_for(second).get("/admin/").status_code == 200
    gone = browser.post(reverse("administration:operator_remove", args=[operator.pk]))
    assert gone.url == "/"
    assert browser.get(path).status_code == 404
    client_for(second).post(reverse("administration:operator_remove", args=[second.pk]))
    assert operators().get() == second
    assert [one for one in actions() if one != "people.searched"] == [
        "operator.added",
        "operator.removed",
    ]


def test_operator_cannot_read_instance(cast, browser):
    for path in ("/i/law/", "/i/law/documents/", "/i/law/settings/members/"):
        assert browser.get(path).status_code == 404


@pytest.mark.parametrize("name", ["organisations", "operators", "site_audit", "site_charter"])
def test_only_operator_can_disable_organisation(cast, client_for, name):
    assert client_for(cast.owner).get(reverse(f"administration:{name}")).status_code == 404


def test_unknown_organisation_gives_404(browser):
    path = reverse("organisation_switch", args=["nowhere"])
    assert browser.post(path, {"is_enabled": "no"}).status_code == 404
    assert not Organisation.objects.filter(is_enabled=False).exists()

"""Operators search, disable, help and erase accounts."""

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.urls import reverse

from instances.account_control import people_behind, record_control
from people.models import User
from tests import factories
from tests.accounts.views.consoles.conftest import actions, url


@pytest.fixture
def person(db):
    return factories.UserFactory(
        username="ada", first_name="Ada", last_name="Lovelace", email="ada@univ.example"
    )


def test_accounts_are_searched_and_filtered(console, operator, person):
    factories.UserFactory(username="off", is_active=False)
    record_control(account=person, controller=operator, reason="created")

    def found(**query):
        page = console.get(url("user_accounts"), query).context["page"]
        return {one.username for one in page}

    assert found() == {"ada", "off", "operator"}
    assert found(q="LOVE ada@univ") == {"ada"}
    assert found(kind="disabled") == {"off"}
    assert found(kind="operators") == {"operator"}
    assert found(kind="controlled") == {"ada"}
    assert found(kind="institution") == set()
    assert "No account matches" in console.get(url("user_accounts"), {"q": "nobody"}).text


def test_list_has_constant_number_of_queries(console, django_assert_max_num_queries):
    factories.UserFactory.create_batch(30)
    with django_assert_max_num_queries(14):
        console.get(url("user_accounts"))


def test_account_is_disabled_and_enabled(console, operator, person, client_for):
    browser = client_for(person)
    console.post(url("user_account_switch", person.pk), {"is_active": "no"})
    assert browser.get("/accounts/profile/").status_code == 302
    assert "disabled" in console.get(url("user_account", person.pk)).text
    console.post(url("user_account_switch", person.pk), {"is_active": "yes"})
    person.refresh_from_db()
    assert person.is_active
    # Nobody disables or erases themselves here, nor, from another session, the last operator.
    for name in ("switch", "password", "second_factors", "confirm", "erase"):
        own = url(f"user_account_{name}", operator.pk)
        assert console.post(own, {"confirmation": operator.username}).status_code == 404
    assert actions() == ["user.disabled", "user.enabled"]


def test_account_is_created_with_one_time_password(console, operator, person, client_for):
    names = {"username": "Zoé", "first_name": "Zoé", "last_name": "Roux", "email": "z@univ.example"}
    for wrong in ({"username": "ada"}, {"username": "z@x"}, {"email": "ADA@univ.example"}):
        answer = console.post(url("user_account_add"), names | wrong)
        errors = answer.context["form"].errors
        assert errors.keys() == wrong.keys()
        assert [len(messages) for messages in errors.values()] == [1]
    answer = console.post(url("user_account_add"), names)
    created = User.objects.get(username="zoé")
    assert answer["Cache-Control"] == "no-store"
    assert answer.context["issued"] in answer.text
    assert created.check_password(answer.context["issued"])
    assert created.must_change_password
    assert created.is_found_by_email
    assert people_behind(created) == {created.pk, operator.pk}
    assert actions() == ["user.created"]
    assert client_for(person).get(url("user_account_add")).status_code == 404


def test_account_is_renamed_and_its_address_changed(console, operator, person, client_for):
    names = {"username": "ada", "first_name": "Ada", "last_name": "King", "email": person.email}
    console.post(url("user_account_change", person.pk), names)
    person.refresh_from_db()
    assert person.display_name == "Ada King"
    assert people_behind(person) == {person.pk}
    console.post(url("user_account_change", person.pk), names | {"email": "king@univ.example"})
    person.refresh_from_db()
    assert person.email == "king@univ.example"
    assert people_behind(person) == {person.pk, operator.pk}
    assert actions() == ["user.changed", "user.changed", "address.changed"]
    assert console.get(url("user_account_change", operator.pk)).status_code == 404
    assert client_for(person).get(url("user_account_change", person.pk)).status_code == 404


def test_one_time_password_is_shown_once_and_makes_operator_a_controller(
    console, operator, person, client_for
):
    answer = console.post(url("user_account_password", person.pk))
    issued = answer.context["issued"]
    assert issued in answer.text
    assert answer["Cache-Control"] == "no-store"
    person.refresh_from_db()
    assert person.check_password(issued)
    assert person.must_change_password
    assert people_behind(person) == {person.pk, operator.pk}
    page = console.get(url("user_account", person.pk)).text
    assert issued not in page
    assert "set the password" in page

    # Decision 12: not by the operator who set it, but by another one.
    console.post(url("user_account_confirm", person.pk))
    assert operator.pk in people_behind(person)
    second = client_for(factories.UserFactory(is_staff=True))
    second.post(url("user_account_confirm", person.pk))
    assert people_behind(person) == {person.pk}
    assert actions() == ["password.issued", "account.confirmed"]


def test_people_of_institution_get_no_password(console, person, settings):
    settings.EMAIL_HOST = "mail.example.org"
    User.objects.filter(pk=person.pk).update(password="!")
    assert "Set a one-time password" not in console.get(url("user_account", person.pk)).text
    for name in ("password", "reset_link"):
        assert console.post(url(f"user_account_{name}", person.pk)).status_code == 404
    assert actions() == []


def test_reset_link_is_sent_to_person_only(console, operator, person, settings):
    console.post(url("user_account_reset_link", person.pk))
    assert mail.outbox == []
    settings.EMAIL_HOST = "mail.example.org"
    console.post(url("user_account_reset_link", person.pk))
    [message] = mail.outbox
    assert message.to == ["ada@univ.example"]
    assert people_behind(person) == {person.pk}
    assert actions() == ["password.link_sent"]


def test_lost_second_factors_are_deleted(console, person):
    for kind in ("recovery_codes", "totp"):
        Authenticator.objects.create(user=person, type=kind, data={})
    assert "Reset the second factors" in console.get(url("user_account", person.pk)).text
    console.post(url("user_account_second_factors", person.pk))
    assert not Authenticator.objects.exists()
    assert actions() == ["login.removed"] * 2


def test_person_is_erased_after_confirmation(console, cast):
    erase = url("user_account_erase", cast.teammate.pk)
    factories.ConversationFactory(instance=cast.instance, user=cast.teammate)
    preview = console.get(erase).context["preview"]
    assert (preview.conversations, preview.memberships, preview.api_keys) == (1, 1, 0)
    console.post(erase, {"confirmation": "somebody"})
    assert User.objects.filter(username="teammate").exists()
    console.post(erase, {"confirmation": "teammate"})
    assert not User.objects.filter(username="teammate").exists()
    # The only administrator of an instance must have a successor first.
    erase = url("user_account_erase", cast.owner.pk)
    assert cast.instance.name in console.get(erase).text
    console.post(erase, {"confirmation": "owner"})
    assert User.objects.filter(username="owner").exists()
    assert actions() == ["user.erased"]


def test_consoles_require_second_factor_and_an_operator(console, cast, client_for, settings):
    pages = [url("user_accounts"), url("feeds"), url("login_rules"), url("service_provider")]
    for person in (cast.owner, cast.teammate, cast.stranger):
        assert {client_for(person).get(page).status_code for page in pages} == {404}
    settings.REQUIRE_OPERATOR_MFA = True
    for page in pages:
        assert console.get(page).url.startswith(reverse("second_factor"))

"""Changes by operators in /admin/ are audited, and the last operator is kept."""

import pytest
from django.urls import reverse

from instances.models import AuditEntry
from instances.tenancy import overseeing
from people.models import User
from tests.factories import InstanceFactory, UserFactory


@pytest.fixture
def operator(db):
    return UserFactory(username="operator", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(operator, client_for):
    return client_for(operator)


def entries():
    with overseeing():
        return list(AuditEntry.objects.order_by("at"))


def form_of(user, **changes):
    """What the page of an account sends."""
    kept = {"username": user.username, "email": user.email, "is_active": "on"} | changes
    return {name: value for name, value in kept.items() if value is not None}


def test_creation_of_account_is_audited(browser, operator):
    password = "only she knows this one"
    form = {"username": "ada", "password1": password, "password2": password}
    form["usable_password"] = "true"
    browser.post(reverse("admin:people_user_add"), form)
    (entry,) = entries()
    assert (entry.action, entry.target) == ("user.created", "ada (ada)")
    assert entry.actor_id == operator.pk


def test_change_is_audited_with_names_of_fields(browser):
    person = UserFactory(username="ada")
    page = reverse("admin:people_user_change", args=[person.pk])
    browser.post(page, form_of(person, email="ada@example.com"))
    changed, told = entries()
    assert (changed.action, told.action) == ("address.changed", "user.changed")
    assert told.detail == {"fields": ["Email address"]}
    assert "ada@example.com" not in str(told.detail)


def test_password_set_by_operator_is_audited_and_notified(browser):
    person = UserFactory(username="ada")
    password = "only she knows this one"
    form = {"password1": password, "password2": password, "usable_password": "true"}
    browser.post(reverse("admin:auth_user_password_change", args=[person.pk]), form)
    assert [entry.action for entry in entries()] == ["password.issued", "user.changed"]


def test_operators_cannot_be_added_in_administration(browser):
    person = UserFactory(username="ada")
    page = reverse("admin:people_user_change", args=[person.pk])
    browser.post(page, form_of(person, is_staff="on", is_superuser="on"))
    assert not User.objects.get(username="ada").is_staff


def test_last_operator_cannot_be_disabled(browser, operator):
    page = reverse("admin:people_user_change", args=[operator.pk])
    browser.post(page, form_of(operator, is_active=None, email="new@example.org"))
    operator.refresh_from_db()
    assert (operator.is_active, operator.email) == (True, "new@example.org")
    second = UserFactory(username="second", is_staff=True)
    page = reverse("admin:people_user_change", args=[second.pk])
    browser.post(page, form_of(second, is_active=None))
    assert not User.objects.get(username="second").is_active


@pytest.mark.parametrize("model", ["instance", "organisation"])
def test_tenants_are_read_only(browser, model):
    instance = InstanceFactory()
    pk = instance.pk if model == "instance" else instance.organisation_id
    page = reverse(f"admin:instances_{model}_change", args=[pk])
    assert browser.get(page).status_code == 200
    assert browser.post(page, {"name": "Other"}).status_code == 403
    assert browser.get(reverse(f"admin:instances_{model}_add")).status_code == 403


def test_operator_without_second_factor_cannot_disable_organisation(browser, settings):
    settings.REQUIRE_OPERATOR_MFA = True
    slug = InstanceFactory().organisation.slug
    answer = browser.post(reverse("organisation_switch", args=[slug]), {"is_enabled": "no"})
    assert answer.url.startswith(reverse("second_factor"))
    assert entries() == []

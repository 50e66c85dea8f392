"""An operator's change of another person's password or address is notified and audited."""

from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.management.commands import changepassword
from instances.account_control import people_behind
from instances.models import AuditEntry
from instances.tasks import send_notice
from instances.tenancy import overseeing
from people.models import User
from tests.factories import PASSWORD, UserFactory

ISSUED = "what the operator typed"
CHOSEN = "only the person knows this"


@pytest.fixture
def operator(db):
    return UserFactory(username="operator", is_staff=True, is_superuser=True)


@pytest.fixture
def person(db):
    return UserFactory(username="ada", email="ada@univ.example")


@pytest.fixture
def sent(settings, monkeypatch):
    """The notices that were enqueued are sent at once."""
    settings.EMAIL_HOST = "mail.example.org"
    monkeypatch.setattr(
        "instances.notifications.enqueue_on_commit",
        lambda _task, *arguments: send_notice(*arguments),
    )
    return mail.outbox


def set_in_admin(operator, person, client_for):
    form = {"password1": ISSUED, "password2": ISSUED, "usable_password": "true"}
    page = reverse("admin:auth_user_password_change", args=[person.pk])
    client_for(operator).post(page, form)


def set_by_command(operator, person, client_for, monkeypatch):
    monkeypatch.setattr(changepassword.Command, "_get_pass", lambda *_arguments: ISSUED)
    call_command("changepassword", person.username, stdout=StringIO())


@pytest.mark.parametrize("way", ["admin", "command"])
def test_password_set_by_operator_is_changed_notified_and_audited(
    operator, person, client_for, sent, monkeypatch, way
):
    before = client_for(person)
    if way == "admin":
        set_in_admin(operator, person, client_for)
    else:
        set_by_command(operator, person, client_for, monkeypatch)
    assert before.get("/").url.startswith("/accounts/login/")
    # Told by mail, with the name of who did it.
    [message] = sent
    assert message.to == ["ada@univ.example"]
    assert ("(operator)" in message.body) == (way == "admin")
    with overseeing():
        entry = AuditEntry.objects.get(action="password.issued")
    assert (entry.actor_id, entry.target) == (
        operator.pk if way == "admin" else None,
        "ada (ada)",
    )
    # Nothing but the change of password is open to it, whoever logs in.
    client = Client()
    client.post("/accounts/login/", {"login": "ada", "password": ISSUED})
    change = reverse("account_change_password")
    assert client.get("/").url == change
    form = {"oldpassword": ISSUED, "password1": CHOSEN, "password2": CHOSEN}
    client.post(change, form)
    # The note stays, however often it was seen.
    for _visit in range(2):
        assert "set your password on" in client.get("/").text
    expected = {person.pk, operator.pk} if way == "admin" else {person.pk}
    assert people_behind(person) == expected


def test_operator_cannot_waive_password_change(operator, person, client_for):
    set_in_admin(operator, person, client_for)
    page = reverse("admin:people_user_change", args=[person.pk])
    form = {"username": "ada", "email": person.email, "is_active": "on"}
    client_for(operator).post(page, form)
    person.refresh_from_db()
    assert person.must_change_password


def test_account_created_by_operator_must_change_password(operator, client_for):
    form = {"username": "bob", "password1": ISSUED, "password2": ISSUED, "usable_password": "true"}
    client_for(operator).post(reverse("admin:people_user_add"), form)
    bob = User.objects.get(username="bob")
    assert bob.must_change_password
    assert people_behind(bob) == {bob.pk, operator.pk}


def test_changing_own_password_is_not_reported(operator, client_for):
    set_in_admin(operator, operator, client_for)
    operator.refresh_from_db()
    assert operator.check_password(ISSUED)
    assert not operator.must_change_password
    assert people_behind(operator) == {operator.pk}


def test_address_change_is_notified_to_former_address(operator, person, client_for, sent):
    page = reverse("admin:people_user_change", args=[person.pk])
    form = {"username": "ada", "email": "operator@evil.example", "is_active": "on"}
    client_for(operator).post(page, form)
    [message] = sent
    assert message.to == ["ada@univ.example"]
    assert "changed the e-mail address of your account" in client_for(person).get("/").text
    assert people_behind(person) == {person.pk, operator.pk}
    with overseeing():
        assert AuditEntry.objects.get(action="address.changed").actor_id == operator.pk


@pytest.mark.parametrize("by", ["admin", "command"])
def test_another_person_confirms_account(operator, person, client_for, by):
    set_in_admin(operator, person, client_for)
    accounts = reverse("admin:people_user_changelist")
    form = {"action": "confirm_own", "_selected_action": [person.pk]}
    client_for(operator).post(accounts, form)
    assert operator.pk in people_behind(person)
    if by == "admin":
        second = UserFactory(username="second", is_staff=True, is_superuser=True)
        client_for(second).post(accounts, form)
    else:
        call_command("confirmaccount", person.username)
    assert people_behind(person) == {person.pk}
    # Yet the person goes on reading what was done.
    User.objects.filter(pk=person.pk).update(must_change_password=False)
    client = client_for(User.objects.get(pk=person.pk))
    assert "set your password on" in client.get("/").text


def test_password_is_not_set_while_address_is_in_use(operator, person, client_for):
    twin = UserFactory(username="twin", email="ADA@univ.example", password=None)
    set_in_admin(operator, twin, client_for)
    twin.refresh_from_db()
    assert not twin.has_usable_password()
    page = reverse("admin:people_user_change", args=[operator.pk])
    form = {"username": "operator", "email": "Ada@univ.example", "is_active": "on"}
    answer = client_for(operator).post(page, form)
    assert answer.context["adminform"].form.errors.keys() == {"email"}
    assert User.objects.get(username="ada").check_password(PASSWORD)

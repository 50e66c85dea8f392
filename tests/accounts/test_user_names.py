"""User names are normalised: no account can block another name or be confused with it."""

import getpass

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from people.models import User
from tests.factories import PASSWORD, UserFactory

SPELLINGS = ["root", "ROOT", "Root", "\N{FULLWIDTH LATIN SMALL LETTER R}oot"]
IDS = ["same", "capitals", "one capital", "full width"]


@pytest.fixture
def operator(db):
    return UserFactory(username="root", is_staff=True, is_superuser=True)


def log_in(client, name):
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    return client.session.get("_auth_user_id")


@pytest.mark.parametrize("spelling", SPELLINGS, ids=IDS)
def test_account_created_in_instance_cannot_block_another_name(
    cast, operator, client_for, client, spelling
):
    form = {"first_name": "Eve", "last_name": "Doe", "username": spelling, "role": "member"}
    page = client_for(cast.owner).post(reverse("administration:member_create", args=["law"]), form)
    assert page.context["form"].errors.keys() == {"username"}
    assert User.objects.get(username="root") == operator
    assert log_in(client, "root") == str(operator.pk)


@pytest.mark.parametrize("spelling", SPELLINGS, ids=IDS)
def test_operator_cannot_create_account_with_name_in_use(operator, client_for, spelling):
    form = {"username": spelling, "usable_password": "false"}
    page = client_for(operator).post("/admin/people/user/add/", form)
    assert "username" in page.context["adminform"].form.errors
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "username",
    ["dean@univ-a.example", "dean\N{FULLWIDTH COMMERCIAL AT}univ-a.example"],
    ids=["at sign", "full-width at sign"],
)
def test_operator_cannot_set_name_like_an_address(operator, client_for, username):
    form = {"username": username, "usable_password": "false"}
    client_for(operator).post("/admin/people/user/add/", form)
    assert list(User.objects.all()) == [operator]


def test_name_too_long_after_normalisation_is_refused(cast, client_for):
    form = {"first_name": "Eve", "last_name": "Doe", "role": "member"}
    long = {"username": "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 150}
    page = client_for(cast.owner).post(
        reverse("administration:member_create", args=["law"]), form | long
    )
    assert page.context["form"].errors.keys() == {"username"}


def test_guest_cannot_choose_name_like_an_address(cast, client_for):
    form = {"first_name": "rector@alpha.example", "last_name": "", "language": "", "theme": ""}
    client_for(cast.teammate).post("/accounts/profile/", form)
    cast.teammate.refresh_from_db()
    assert cast.teammate.first_name == ""


@pytest.mark.parametrize("spelling", SPELLINGS, ids=IDS)
def test_login_accepts_any_spelling_of_the_user_name(operator, client, spelling):
    assert log_in(client, spelling) == str(operator.pk)


@pytest.mark.parametrize("spelling", SPELLINGS, ids=IDS)
def test_commands_accept_any_spelling_of_the_user_name(operator, monkeypatch, capsys, spelling):
    UserFactory(is_staff=True, is_superuser=True)
    new = "a new secret of my own"
    monkeypatch.setattr(getpass, "getpass", lambda prompt="": new)
    call_command("changepassword", spelling)
    operator.refresh_from_db()
    assert operator.check_password(new)
    call_command("eraseperson", spelling, "--yes")
    assert not User.objects.filter(pk=operator.pk).exists()


def test_database_refuses_same_name_in_other_case(operator):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_user SELECT * FROM jsonb_populate_record(NULL::people_user,"
            ' (SELECT to_jsonb(a) || \'{"id": -1, "username": "ROOT"}\' FROM people_user a'
            " WHERE id = %s))",
            [operator.pk],
        )


def test_name_is_shown_as_it_was_saved(db):
    person = User(username="Jeanne")
    person.save()
    assert person.username == "jeanne"

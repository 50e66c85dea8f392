"""One spelling of each user name: nobody locks somebody else out, or passes for them."""

import getpass
import logging

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse

from accounts.models import User
from tests.factories import PASSWORD, UserFactory

SPELLINGS = ["root", "ROOT", "Root", "\N{FULLWIDTH LATIN SMALL LETTER R}oot"]
IDS = ["same", "capitals", "one capital", "full width"]
BEFORE = [("accounts", "0009_institution_email")]


@pytest.fixture
def operator(db):
    return UserFactory(username="root", is_staff=True, is_superuser=True)


def log_in(client, name):
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    return client.session.get("_auth_user_id")


@pytest.mark.parametrize("spelling", SPELLINGS, ids=IDS)
def test_an_account_made_by_the_owner_of_an_instance_locks_nobody_out(
    cast, operator, client_for, client, spelling
):
    form = {"first_name": "Eve", "last_name": "Doe", "username": spelling, "role": "member"}
    page = client_for(cast.owner).post(reverse("administration:member_create", args=["law"]), form)
    assert page.context["form"].errors.keys() == {"username"}
    assert User.objects.get(username="root") == operator
    assert log_in(client, "root") == str(operator.pk)


@pytest.mark.parametrize("spelling", SPELLINGS, ids=IDS)
def test_an_account_made_by_an_operator_has_a_name_of_its_own(operator, client_for, spelling):
    form = {"username": spelling, "usable_password": "false"}
    page = client_for(operator).post("/admin/accounts/user/add/", form)
    assert "username" in page.context["adminform"].form.errors
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "username",
    ["dean@univ-a.example", "dean\N{FULLWIDTH COMMERCIAL AT}univ-a.example"],
    ids=["at sign", "full-width at sign"],
)
def test_operators_give_no_name_that_looks_like_an_address(operator, client_for, username):
    form = {"username": username, "usable_password": "false"}
    client_for(operator).post("/admin/accounts/user/add/", form)
    assert list(User.objects.all()) == [operator]


def test_a_name_that_grows_in_its_one_spelling_is_refused(cast, client_for):
    form = {"first_name": "Eve", "last_name": "Doe", "role": "member"}
    long = {"username": "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 150}
    page = client_for(cast.owner).post(
        reverse("administration:member_create", args=["law"]), form | long
    )
    assert page.context["form"].errors.keys() == {"username"}


def test_nobody_gives_themselves_the_name_of_an_address(cast, client_for):
    form = {"first_name": "rector@alpha.example", "last_name": "", "language": "", "theme": ""}
    client_for(cast.teammate).post("/accounts/profile/", form)
    cast.teammate.refresh_from_db()
    assert cast.teammate.first_name == ""


@pytest.mark.parametrize("spelling", SPELLINGS, ids=IDS)
def test_one_logs_in_under_any_spelling(operator, client, spelling):
    assert log_in(client, spelling) == str(operator.pk)


@pytest.mark.parametrize("spelling", SPELLINGS, ids=IDS)
def test_commands_find_the_person_under_any_spelling(operator, monkeypatch, capsys, spelling):
    UserFactory(is_staff=True, is_superuser=True)
    new = "a new secret of my own"
    monkeypatch.setattr(getpass, "getpass", lambda prompt="": new)
    call_command("changepassword", spelling)
    operator.refresh_from_db()
    assert operator.check_password(new)
    call_command("eraseperson", spelling, "--yes")
    assert not User.objects.filter(pk=operator.pk).exists()


def test_the_database_keeps_one_name_in_any_case(operator):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_user SELECT * FROM jsonb_populate_record(NULL::accounts_user,"
            ' (SELECT to_jsonb(a) || \'{"id": -1, "username": "ROOT"}\' FROM accounts_user a'
            " WHERE id = %s))",
            [operator.pk],
        )


def test_a_person_is_shown_as_they_were_saved(db):
    person = User(username="Jeanne")
    person.save()
    assert person.username == "jeanne"


@pytest.fixture
def before(transactional_db):
    """The database as it was before; brought up to date again after the test."""
    owner = connections["owner"]
    executor = MigrationExecutor(owner)
    executor.migrate(BEFORE)
    yield executor.loader.project_state(BEFORE).apps
    _migrate_to_the_end()


def _migrate_to_the_end():
    executor = MigrationExecutor(connections["owner"])
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_names_of_before_are_brought_to_one_spelling(before, caplog):
    """The operator keeps the name; a name with an @ stays where a scoped identifier gave it."""
    users = before.get_model("accounts", "User").objects
    logins = before.get_model("socialaccount", "SocialAccount").objects
    names = ["ROOT", "Bob", "bob-2", "rector@alpha.example", "eve@alpha.example", "bob"]
    people = [users.create(username=name) for name in names]
    operator = users.create(username="root", is_staff=True)
    for person, kind in ((people[3], "persistent"), (people[4], "subject-id")):
        said = {"identifier_type": kind, "identifier": person.username}
        logins.create(user=person, provider="saml", uid=kind, extra_data=said)
    with caplog.at_level(logging.WARNING):
        _migrate_to_the_end()
    now = {user.pk: user.username for user in User.objects.all()}
    assert [now[person.pk] for person in people] == [
        *("root-2", "bob", "bob-2", "rector", "eve@alpha.example", "bob-3"),
    ]
    assert now[operator.pk] == "root"
    assert "rector@alpha.example" in caplog.text

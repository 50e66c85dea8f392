"""The commands that outside programs rely on."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from instances.access.api_keys import authenticate
from instances.access.gates import get_membership
from instances.models import Instance, Organisation
from tests.factories import InstanceFactory, OrganisationFactory, UserFactory


def run(*arguments):
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue().strip()


def test_an_organisation_an_instance_and_a_key(db):
    administrator = UserFactory(username="ada")
    assert run("createorganisation", "Université d’Évry") == "universite-devry"
    assert run("createorganisation", "Université d’Évry") == "universite-devry-2"
    assert (
        run(
            "createinstance",
            "library",
            "--organisation=universite-devry",
            "--name=Bibliothèque",
            "--administrator=ada",
        )
        == "library"
    )
    assert get_membership(administrator, "library").may_administer
    key = authenticate(run("createapikey", "library", "--scope", "manage"))
    assert (key.instance.name, key.scope, key.is_batch) == ("Bibliothèque", "manage", False)
    assert authenticate(run("createapikey", "library", "--scope", "chat", "--batch")).is_batch


def test_name_in_other_script_gets_a_slug(db):
    assert run("createorganisation", "جامعة") == "organisation"
    assert Organisation.objects.get().name == "جامعة"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["createorganisation", "x", "--slug=taken"], "exists already"),
        (["createinstance", "taken", "--organisation=taken", "--name=x"], "exists already"),
        (["createinstance", "new", "--organisation=none", "--name=x"], "No organisation none"),
        (["createinstance", "a b", "--organisation=taken", "--name=x"], "letters, digits"),
        (
            ["createinstance", "new", "--organisation=taken", "--name=x", "--administrator=none"],
            "No account none",
        ),
        (["createapikey", "none", "--scope=chat"], "No instance none"),
    ],
)
def test_command_errors_are_one_line(db, arguments, message):
    organisation = OrganisationFactory(slug="taken")
    InstanceFactory(slug="taken", organisation=organisation)
    with pytest.raises(CommandError, match=message):
        run(*arguments)
    assert Instance.objects.count() == 1


def test_organisation_is_found_by_name(db):
    run("createorganisation", "Université d’Évry")
    run("createinstance", "law", "--organisation=Université d’Évry", "--name=Droit")
    assert Instance.objects.get(slug="law").organisation.slug == "universite-devry"

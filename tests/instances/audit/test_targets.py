"""Entries of the audit log identify people and objects, also those of the same name."""

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from instances import audit
from instances.access.api_keys import create_api_key
from instances.audit import Action, Target
from instances.audit.sentences import sentence
from instances.members import memberships
from instances.models import AuditEntry
from instances.tenancy import overseeing, tenant
from tests import factories
from tests.adding_members import find_and_add, make_colleague
from tests.factories import UserFactory


def the_entry(action: str) -> AuditEntry:
    with overseeing():
        return AuditEntry.objects.get(action=action)


@pytest.fixture
def namesakes(cast):
    """Two people of the organisation with the same display name."""
    names = {"first_name": "Jeanne", "last_name": "Martin"}
    organisation = cast.instance.organisation
    return [make_colleague(organisation, username=name, **names) for name in ("jmartin", "mallory")]


def test_people_of_same_name_are_distinguished(cast, client_for, namesakes):
    real, other = namesakes
    client = client_for(cast.owner)
    for person in namesakes:
        find_and_add(
            client,
            reverse("administration:member_add", args=["law"]),
            {"identifier": person.username, "role": "member"},
        )
    page = client.get(reverse("administration:instance_audit", args=["law"])).text
    for person in (real, other):
        assert f"added Jeanne Martin ({person.username}, no. {person.pk}) to" in page
    assert f"owner (owner, no. {cast.owner.pk}) added" in page


@pytest.mark.parametrize("word", ["jmartin", "number"])
def test_person_is_found_by_unique_identifier(cast, client_for, namesakes, word):
    real, _other = namesakes
    audit.record_all(Action.MEMBER_ADDED, namesakes, instance=cast.instance)
    searched = real.username if word == "jmartin" else str(real.pk)
    page = client_for(cast.owner).get(
        reverse("administration:instance_audit", args=["law"]), {"person": searched}
    )
    assert [one["entry"].target_id for one in page.context["entries"]] == [real.pk]


@pytest.mark.parametrize("word", ["9" * 40, "٤٢", "-1"], ids=["too long", "other digits", "minus"])
def test_non_number_is_searched_as_word(cast, client_for, word):
    path = reverse("administration:instance_audit", args=["law"])
    assert client_for(cast.owner).get(path, {"person": word}).status_code == 200


def test_a_long_display_name_hides_no_user_name(db):
    person = UserFactory(username="u" * 150, first_name="(ada) " * 25, last_name="x" * 150)
    audit.record(Action.OPERATOR_ADDED, target=person)
    with audit.acting_as(audit.Origin(user=person)):
        audit.record(Action.OPERATOR_REMOVED, target=person)
    assert the_entry("operator.added").target.endswith(f"({'u' * 150})")
    assert the_entry("operator.removed").actor_name.endswith(f"({'u' * 150})")


def test_keys_rules_and_invitations_keep_their_numbers(cast):
    with tenant(cast.instance):
        key, _plaintext = create_api_key(
            instance=cast.instance, name="Script", scope="chat", created_by=cast.owner
        )
    entry = the_entry("key.created")
    assert (entry.target_kind, entry.target_id) == ("apikey", key.pk)
    assert f"Script ({key.prefix}…, no. {key.pk})" in sentence(entry)
    rule = factories.AccessRuleFactory(instance=cast.instance)
    invitation = factories.InvitationFactory(instance=cast.instance)
    for thing, kind in ((rule, "accessrule"), (invitation, "invitation")):
        assert (Target.of(thing).kind, Target.of(thing).id) == (kind, thing.pk)


def test_target_of_lazy_user_is_a_person(cast):
    assert Target.of("Somebody") == Target("Somebody")
    lazy = SimpleLazyObject(lambda: cast.teammate)
    assert Target.of(lazy) == Target("teammate (teammate)", "user", cast.teammate.pk)


def test_sentences_are_in_the_readers_language(cast):
    with tenant(cast.instance):
        memberships.join(cast.instance, cast.stranger, "member")
    with translation.override("fr"):
        assert f"stranger (stranger, nº\u00a0{cast.stranger.pk})" in sentence(
            the_entry("member.added")
        )


def test_entry_without_number_is_shown_unchanged():
    entry = AuditEntry(
        action=Action.MEMBER_ADDED, actor_name="Ada (ada)", target="Bob", place="Law"
    )
    assert sentence(entry) == "Ada (ada) added Bob to Law."

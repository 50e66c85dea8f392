"""What stands between a member and an instance: closed, archived, a charter, a second factor."""

import pytest
from django.urls import reverse

from accounts.models import User
from instances import charters
from instances.models import AuditEntry, CharterAcceptance, Instance
from instances.tenancy import tenant
from tests.factories import AccessRuleFactory, IdentityFactory, UserFactory

CHAT = "/i/law/"
ASK = "/i/law/ask/"


def close(instance, **fields):
    Instance.objects.filter(pk=instance.pk).update(**fields)


@pytest.mark.parametrize("status", ["suspended", "deleting"])
def test_a_closed_instance_says_why(cast, client_for, status):
    close(cast.instance, status=status, status_reason="Moved to the library.")
    response = client_for(cast.owner).get(CHAT)
    assert response.status_code == 403
    assert ("Moved to the library." in response.text) == (status == "suspended")
    assert "This instance is closed" in response.text
    assert client_for(cast.stranger).get(CHAT).status_code == 404


def test_a_disabled_organisation_closes_its_instances(cast, client_for):
    cast.instance.organisation.is_enabled = False
    cast.instance.organisation.save()
    assert client_for(cast.teammate).get(CHAT).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_an_archived_instance_is_read_and_not_written(cast, client_for):
    close(cast.instance, status="archived")
    client = client_for(cast.teammate)
    assert client.get(CHAT).status_code == 200
    response = client.post(ASK, {"question": "When?"}, headers={"accept": "application/json"})
    assert response.status_code == 403
    assert "archived" in response.json()["error"]["message"]


def test_a_charter_is_accepted_before_the_first_use_and_again_when_it_changes(cast, client_for):
    client = client_for(cast.teammate)
    for text in ("Be kind.", "Be kind, and check the sources."):
        charters.publish(instance=cast.instance, text_fr="", text_en=text, user_id=None)
        asked = client.get(f"{CHAT}?a=1")
        charter_page = reverse("instances:charter", args=["law"])
        assert asked.url == f"{charter_page}?next=%2Fi%2Flaw%2F%3Fa%3D1"
        page = client.get(asked.url)
        assert text in page.text
        accepted = [charter.pk for charter, _text in page.context["texts"]]
        response = client.post(charter_page, {"charter": accepted, "next": f"{CHAT}?a=1"})
        assert response.url == f"{CHAT}?a=1"
        assert client.get(response.url).status_code == 200
    assert CharterAcceptance.objects.filter(user=cast.teammate).count() == 2
    assert CharterAcceptance.objects.filter(address="127.0.0.1").count() == 2


def test_a_version_that_was_not_on_the_page_is_not_accepted(cast, client_for):
    client = client_for(cast.teammate)
    charters.publish(text_fr="", text_en="Old.", user_id=None)
    shown = [charter.pk for charter in charters.charters_of(cast.instance)]
    charters.publish(text_fr="", text_en="New.", user_id=None)
    client.post(reverse("instances:charter", args=["law"]), {"charter": shown})
    assert client.get(CHAT).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_script_is_told_of_the_charter(cast, client_for):
    charters.publish(
        organisation=cast.instance.organisation, text_fr="Lisez.", text_en="", user_id=None
    )
    response = client_for(cast.teammate).post(
        ASK, {"question": "When?"}, headers={"accept": "application/json"}
    )
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "charter"
    assert response.json()["error"]["url"] == reverse("instances:charter", args=["law"])


def test_a_withdrawn_charter_is_asked_of_nobody(cast, client_for):
    charters.publish(text_fr="Lisez.", text_en="", user_id=None)
    charters.withdraw()
    assert client_for(cast.teammate).get(CHAT).status_code == 200


def test_who_fits_an_access_rule_joins_on_the_first_visit(cast, client_for):
    rule = AccessRuleFactory(instance=cast.instance, affiliations=["staff"], role="editor")
    staff, student = UserFactory(), UserFactory()
    here = [cast.instance.organisation_id]
    IdentityFactory(user=staff, organisation_ids=here)
    IdentityFactory(user=student, organisation_ids=here, affiliations=["student"])
    assert client_for(student).get(CHAT).status_code == 404
    assert client_for(staff).get(CHAT).status_code == 200
    with tenant(cast.instance):
        membership = staff.memberships.get()
        assert (membership.role, membership.rule) == ("editor", rule)
        entry = AuditEntry.objects.get(action="member.joined")
    assert entry.actor_id == staff.pk
    assert entry.address == "127.0.0.1"
    assert len(entry.correlation_id) == 12


def test_filters_of_a_rule_are_judged_on_one_identity(cast, client_for):
    """A student here who is staff elsewhere is not staff here."""
    AccessRuleFactory(instance=cast.instance, affiliations=["staff"])
    person: User = UserFactory()
    here = [cast.instance.organisation_id]
    IdentityFactory(user=person, organisation_ids=here, affiliations=["student"])
    IdentityFactory(user=person, organisation_ids=[], affiliations=["staff"])
    assert client_for(person).get(CHAT).status_code == 404

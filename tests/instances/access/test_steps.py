"""Gates of an instance: its status, usage charters, second factors, access rules."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from instances.access import charters
from instances.access.api_keys import create_api_key
from instances.models import (
    AuditEntry,
    CharterAcceptance,
    Instance,
    Membership,
    Organisation,
)
from instances.tenancy import tenant
from people.models import User
from tests.factories import AccessRuleFactory, IdentityFactory, UserFactory

CHAT = "/i/law/"
ASK = "/i/law/ask/"


def close(instance, **fields):
    Instance.objects.filter(pk=instance.pk).update(**fields)


def membership(cast, **fields):
    with tenant(cast.instance):
        Membership.objects.filter(user=cast.teammate).update(**fields)


def remove(cast):
    with tenant(cast.instance):
        Membership.objects.filter(user=cast.teammate).delete()


def person(cast, **fields):
    User.objects.filter(pk=cast.teammate.pk).update(**fields)


def disable_organisation(cast):
    Organisation.objects.filter(pk=cast.instance.organisation_id).update(is_enabled=False)


def ask_for_a_second_factor(cast, whom="everyone", role="member"):
    close(cast.instance, second_factor=whom)
    membership(cast, role=role)


def ask_operators_for_a_second_factor(cast):
    django_settings.REQUIRE_OPERATOR_MFA = True
    person(cast, is_staff=True)


def publish_a_charter(cast):
    charters.publish(instance=cast.instance, text_fr="", text_en="Be kind.", user_id=None)


@dataclass(frozen=True)
class Gate:
    """What closes it, and what a browser and a key of the same person are answered."""

    name: str
    close: Callable[[Any], None]
    # A status, or where the browser is sent.
    browser: int | str
    key: tuple[int, str]
    writes: bool = False


LOGIN, FACTOR = "/accounts/login/", "/accounts/second-factor/"
GATES = [
    Gate("open", lambda cast: None, 200, (200, "")),
    Gate("not a member", remove, 404, (401, "invalid_api_key")),
    Gate(
        "membership ended",
        lambda cast: membership(cast, expires_at=timezone.now() - timedelta(days=1)),
        404,
        (401, "invalid_api_key"),
    ),
    Gate(
        "account switched off",
        lambda cast: person(cast, is_active=False),
        LOGIN,
        (401, "invalid_api_key"),
    ),
    Gate(
        "password to change",
        lambda cast: person(cast, must_change_password=True),
        "/accounts/password/change/",
        (403, "password_change"),
    ),
    Gate("organisation", disable_organisation, 403, (403, "organisation_disabled")),
    Gate(
        "suspended",
        lambda cast: close(cast.instance, status="suspended"),
        403,
        (403, "instance_suspended"),
    ),
    Gate(
        "being deleted",
        lambda cast: close(cast.instance, status="deleting"),
        403,
        (403, "instance_deleting"),
    ),
    Gate(
        "archived",
        lambda cast: close(cast.instance, status="archived"),
        403,
        (403, "instance_archived"),
        writes=True,
    ),
    Gate("second factor", ask_for_a_second_factor, FACTOR, (403, "second_factor")),
    Gate(
        "second factor of administrators",
        lambda cast: ask_for_a_second_factor(cast, "admins", "admin"),
        FACTOR,
        (403, "second_factor"),
    ),
    Gate(
        "second factor of other administrators",
        lambda cast: ask_for_a_second_factor(cast, "admins"),
        200,
        (200, ""),
    ),
    Gate(
        "second factor of operators",
        ask_operators_for_a_second_factor,
        FACTOR,
        (403, "second_factor"),
    ),
    Gate("charter", publish_a_charter, "/i/law/charter/", (403, "charter")),
]


@pytest.fixture
def key(cast):
    """A key of the teammate, made while nothing was asked of them."""
    _key, plaintext = create_api_key(
        instance=cast.instance, name="x", scope="chat", created_by=cast.teammate
    )
    return plaintext


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_key_is_refused_where_its_person_is_refused(cast, client_for, key, settings, gate):
    settings.REQUIRE_OPERATOR_MFA = False
    browser = client_for(cast.teammate)
    gate.close(cast)
    if gate.writes:
        page = browser.post(ASK, {"question": "When?"}, headers={"accept": "application/json"})
    else:
        page = browser.get(CHAT)
    if isinstance(gate.browser, str):
        assert (page.status_code, page.url.partition("?")[0]) == (302, gate.browser)
    else:
        assert page.status_code == gate.browser
    headers = {"authorization": f"Bearer {key}"}
    if gate.writes:
        body = {"query": "When?", "top_k": 1}
        answer = Client().post(
            "/api/v1/search", body, content_type="application/json", headers=headers
        )
    else:
        answer = Client().get("/api/v1/instance", headers=headers)
    error = answer.json().get("error", {})
    assert (answer.status_code, error.get("code", "")) == gate.key


@pytest.mark.parametrize("status", ["suspended", "deleting"])
def test_closed_instance_shows_reason(cast, client_for, status):
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
def test_archived_instance_is_read_only(cast, client_for):
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
        charter_page = reverse("administration:charter", args=["law"])
        assert asked.url == f"{charter_page}?next=%2Fi%2Flaw%2F%3Fa%3D1"
        page = client.get(asked.url)
        assert text in page.text
        accepted = [charter.pk for charter, _text in page.context["texts"]]
        response = client.post(charter_page, {"charter": accepted, "next": f"{CHAT}?a=1"})
        assert response.url == f"{CHAT}?a=1"
        assert client.get(response.url).status_code == 200
    assert CharterAcceptance.objects.filter(user=cast.teammate).count() == 2
    assert CharterAcceptance.objects.filter(address="127.0.0.1").count() == 2


def test_only_the_displayed_version_is_accepted(cast, client_for):
    client = client_for(cast.teammate)
    charters.publish(text_fr="", text_en="Old.", user_id=None)
    shown = [charter.pk for charter in charters.charters_of(cast.instance)]
    charters.publish(text_fr="", text_en="New.", user_id=None)
    client.post(reverse("administration:charter", args=["law"]), {"charter": shown})
    assert client.get(CHAT).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_script_gets_charter_url_as_json(cast, client_for):
    charters.publish(
        organisation=cast.instance.organisation, text_fr="Lisez.", text_en="", user_id=None
    )
    response = client_for(cast.teammate).post(
        ASK, {"question": "When?"}, headers={"accept": "application/json"}
    )
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "charter"
    assert response.json()["error"]["url"] == reverse("administration:charter", args=["law"])


def test_withdrawn_charter_is_not_required(cast, client_for):
    charters.publish(text_fr="Lisez.", text_en="", user_id=None)
    charters.withdraw()
    assert client_for(cast.teammate).get(CHAT).status_code == 200


def test_person_matching_a_rule_joins_on_first_visit(cast, client_for):
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


def test_rule_filters_must_match_one_identity(cast, client_for):
    """A student here who is staff elsewhere is not staff here."""
    AccessRuleFactory(instance=cast.instance, affiliations=["staff"])
    person: User = UserFactory()
    here = [cast.instance.organisation_id]
    IdentityFactory(user=person, organisation_ids=here, affiliations=["student"])
    IdentityFactory(user=person, organisation_ids=[], affiliations=["staff"])
    assert client_for(person).get(CHAT).status_code == 404

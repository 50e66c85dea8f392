"""API keys must pass the gates of their instance, as their person must."""

from datetime import timedelta

import pytest
from django.utils import timezone

from instances.access import charters
from instances.access.api_keys import authenticate, create_api_key
from instances.models import Instance, Membership
from instances.tenancy import as_key, tenant
from tests.factories import UserFactory

READ, ASK = "/api/v1/instance", "/v1/chat/completions"


def key_of(cast, person, scope="chat") -> dict[str, str]:
    """The headers of a call with a new key of ``person``."""
    _key, plaintext = create_api_key(
        instance=cast.instance, name="x", scope=scope, created_by=person
    )
    return {"authorization": f"Bearer {plaintext}"}


def role_of(cast, person, **fields):
    with tenant(cast.instance):
        Membership.objects.for_instance(cast.instance).filter(user=person).update(**fields)


def test_authentication_needs_two_queries_at_most(cast, django_assert_num_queries):
    _key, plaintext = create_api_key(
        instance=cast.instance, name="x", scope="chat", created_by=cast.teammate
    )
    authenticate(plaintext)
    # The others set and unset the row security of the transaction.
    with django_assert_num_queries(5) as queries:
        key = authenticate(plaintext)
        assert key.instance.organisation.name
        assert key.created_by == cast.teammate
    told = [query["sql"] for query in queries if "set_config" not in query["sql"]]
    assert len([sql for sql in told if sql.startswith("SELECT")]) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "suspended"}, "instance_suspended"),
        ({"status": "deleting"}, "instance_deleting"),
    ],
)
def test_a_closed_instance_refuses_its_keys(cast, client, changes, code):
    bearer = key_of(cast, cast.teammate)
    Instance.objects.filter(pk=cast.instance.pk).update(**changes)
    refused = client.get(READ, headers=bearer)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, code)


def test_a_disabled_organisation_refuses_its_keys(cast, client):
    bearer = key_of(cast, None)
    cast.instance.organisation.is_enabled = False
    cast.instance.organisation.save()
    refused = client.get(READ, headers=bearer)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "organisation_disabled")


@pytest.mark.django_db(transaction=True)
def test_keys_of_archived_instance_only_read(cast, client):
    bearer = key_of(cast, cast.teammate)
    Instance.objects.filter(pk=cast.instance.pk).update(status="archived")
    assert client.get(READ, headers=bearer).status_code == 200
    refused = client.post(ASK, {}, content_type="application/json", headers=bearer)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "instance_archived")


def test_key_is_refused_until_charter_is_accepted(cast, client):
    bearer, service = key_of(cast, cast.teammate), key_of(cast, None)
    charter = charters.publish(instance=cast.instance, text_fr="", text_en="Be kind.", user_id=None)
    refused = client.get(READ, headers=bearer)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "charter")
    assert client.get(READ, headers=service).status_code == 200
    charters.accept(user_id=cast.teammate.pk, charters=[charter])
    assert client.get(READ, headers=bearer).status_code == 200


@pytest.mark.parametrize(
    "ended", ["membership gone", "membership over", "account off", "no member"]
)
def test_key_is_refused_after_membership_ends(cast, client, ended):
    person = UserFactory() if ended == "no member" else cast.teammate
    bearer = key_of(cast, person)
    if ended == "membership gone":
        with tenant(cast.instance):
            Membership.objects.filter(user=person).delete()
    elif ended == "membership over":
        role_of(cast, person, expires_at=timezone.now() - timedelta(seconds=1))
    elif ended == "account off":
        person.is_active = False
        person.save()
    assert client.get(READ, headers=bearer).status_code == 401


def test_key_is_limited_by_current_role(cast, client):
    bearer = key_of(cast, cast.editor, scope="manage")
    path = "/api/v1/documents/6e4ee3c0-1c4c-4d3c-9a2f-2a4f0e9b3a11"
    assert client.delete(path, headers=bearer).status_code == 404
    role_of(cast, cast.editor, role="member")
    refused = client.delete(path, headers=bearer)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "scope")
    assert client.get(READ, headers=bearer).status_code == 200
    role_of(cast, cast.editor, role="guest")
    refused = client.get(READ, headers=bearer)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "role")


def test_key_setting_shows_no_other_membership(cast):
    """Row security opens one row to it: its person's, in its instance."""
    key, _plaintext = create_api_key(
        instance=cast.instance, name="x", scope="chat", created_by=cast.teammate
    )
    with as_key(key.digest):
        assert [row.user_id for row in Membership.objects.all()] == [cast.teammate.pk]
    with as_key(""):
        assert not Membership.objects.exists()


def test_use_of_key_is_recorded_for_instance(cast, client):
    client.get(READ, headers=key_of(cast, cast.teammate))
    cast.instance.refresh_from_db()
    assert cast.instance.last_used_at is not None

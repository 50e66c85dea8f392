"""API keys of instances that require a second factor."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse
from django.utils import timezone

from instances.access import second_factor
from instances.access.api_keys import create_api_key
from instances.models import ApiKey, AuditEntry, Identity, Instance
from instances.tenancy import tenant
from tests.factories import IdentityFactory

SOURCE = "saml:https://idp.univ.example:ada"


@pytest.fixture
def cast(cast):
    """The instance asks everybody for a second factor."""
    Instance.objects.filter(pk=cast.instance.pk).update(second_factor="everyone")
    return cast


def app_of(person, **fields):
    return Authenticator.objects.create(user=person, type="totp", data={}, **fields)


def identity_of(person, **fields):
    return IdentityFactory(user=person, source=SOURCE, **fields)


def key_of(cast, person, proof=None):
    key, plaintext = create_api_key(
        instance=cast.instance, name="Script", scope="chat", created_by=person, proof=proof
    )
    return key, plaintext


def answer_to(client, plaintext):
    answer = client.get("/api/v1/instance", headers={"authorization": f"Bearer {plaintext}"})
    return answer.json().get("error", {}).get("code", "accepted")


def browser_with(client_for, person, **kept):
    """A browser whose session says this of how it was opened."""
    browser = client_for(person)
    session = browser.session
    session.update(kept)
    session.save()
    return browser


def url(name, *arguments):
    return reverse(f"administration:{name}", args=["law", *arguments])


def age(key, days):
    with tenant(key.instance):
        ApiKey.objects.filter(pk=key.pk).update(
            second_factor_at=timezone.now() - timedelta(days=days)
        )


def test_key_is_valid_while_its_authenticator_exists(cast, client):
    app = app_of(cast.teammate)
    _key, plaintext = key_of(cast, cast.teammate, proof=second_factor.OWN)
    assert answer_to(client, plaintext) == "accepted"
    app.delete()
    assert answer_to(client, plaintext) == "second_factor"
    # Another one has confirmed nothing.
    app_of(cast.teammate)
    assert answer_to(client, plaintext) == "second_factor"


def test_recovery_codes_do_not_confirm_a_key(cast, client):
    Authenticator.objects.create(user=cast.teammate, type="recovery_codes", data={})
    _key, plaintext = key_of(cast, cast.teammate, proof=second_factor.OWN)
    assert answer_to(client, plaintext) == "second_factor"


def test_authenticator_of_other_person_does_not_confirm_a_key(cast, client):
    app_of(cast.owner)
    _key, plaintext = key_of(cast, cast.teammate, proof=second_factor.OWN)
    assert answer_to(client, plaintext) == "second_factor"


def test_second_factor_of_institution_expires_with_identity(cast, client, settings):
    settings.IDENTITY_DAYS = 30
    identity_of(cast.teammate)
    key, plaintext = key_of(cast, cast.teammate, proof=SOURCE)
    assert answer_to(client, plaintext) == "accepted"
    age(key, days=31)
    assert answer_to(client, plaintext) == "second_factor"
    age(key, days=29)
    assert answer_to(client, plaintext) == "accepted"
    Identity.objects.update(asserted_at=timezone.now() - timedelta(days=31))
    assert answer_to(client, plaintext) == "second_factor"
    Identity.objects.update(asserted_at=timezone.now(), source="saml:another")
    assert answer_to(client, plaintext) == "second_factor"


@pytest.mark.parametrize(
    "kept",
    [
        {"account_authentication_methods": [{"method": "mfa", "type": "totp"}]},
        {second_factor.SESSION_KEY: SOURCE},
    ],
    ids=["app", "institution"],
)
def test_existing_key_is_confirmed_by_its_person(cast, client, client_for, kept):
    app_of(cast.teammate)
    identity_of(cast.teammate)
    key, plaintext = key_of(cast, cast.teammate)
    assert answer_to(client, plaintext) == "second_factor"
    browser = browser_with(client_for, cast.teammate, **kept)
    assert ">to confirm<" in browser.get(url("keys")).text
    assert browser.post(url("key_confirm", key.pk)).url == url("keys")
    assert answer_to(client, plaintext) == "accepted"
    assert ">to confirm<" not in browser.get(url("keys")).text
    with tenant(cast.instance):
        assert AuditEntry.objects.get(action="key.confirmed").actor_id == cast.teammate.pk


def test_key_created_with_second_factor_needs_no_confirmation(cast, client, client_for):
    app_of(cast.teammate)
    methods = [{"method": "password"}, {"method": "mfa", "type": "totp"}]
    browser = browser_with(client_for, cast.teammate, account_authentication_methods=methods)
    page = browser.post(url("key_create"), {"name": "Script", "lifetime_days": "30"})
    assert answer_to(client, page.context["plaintext"]) == "accepted"


def test_only_owner_with_second_factor_confirms_key(cast, client, client_for):
    Instance.objects.filter(pk=cast.instance.pk).update(second_factor="")
    key, plaintext = key_of(cast, cast.teammate)
    weak = client_for(cast.teammate)
    assert weak.post(url("key_confirm", key.pk)).url.startswith(reverse("second_factor"))
    strong = {second_factor.SESSION_KEY: SOURCE}
    identity_of(cast.owner)
    owner = browser_with(client_for, cast.owner, **strong)
    assert owner.post(url("key_confirm", key.pk)).status_code == 404
    Instance.objects.filter(pk=cast.instance.pk).update(second_factor="everyone")
    assert answer_to(client, plaintext) == "second_factor"
    # An administrator sees that the key is refused, and that its person must act.
    page = owner.get(url("keys")).text
    assert ">to confirm<" in page
    assert url("key_confirm", key.pk) not in page


def test_key_without_person_needs_no_second_factor(cast, client):
    _key, plaintext = key_of(cast, None)
    assert answer_to(client, plaintext) == "accepted"

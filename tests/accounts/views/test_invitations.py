"""The page of an invitation link, for people with and without an account."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from instances.access.gates import get_membership
from instances.members.invitations import accept, create_invitation, find_invitation, revoke
from instances.tenancy import tenant
from people.models import User
from tests.factories import PASSWORD, UserFactory

ACCOUNT = {
    "first_name": "Marie",
    "last_name": "Curie",
    "username": "marie",
    "password1": "radium and polonium",
    "password2": "radium and polonium",
}


@pytest.fixture
def token(cast) -> str:
    """The token of an open invitation of a guest."""
    with tenant(cast.instance):
        _invitation, plaintext = create_invitation(
            instance=cast.instance,
            role="guest",
            expires_at=timezone.now() + timedelta(days=7),
            membership_expires_at=timezone.now() + timedelta(days=30),
            created_by=cast.owner,
        )
    return plaintext


def page(token):
    return reverse("invitation", args=[token])


def test_it_says_who_invites_to_what_and_shows_nothing_else(cast, token, client):
    response = client.get(page(token))
    assert response.status_code == 200
    assert "Faculté de droit" in response.text
    assert "owner" in response.text
    assert response["Referrer-Policy"] == "strict-origin"
    assert response["Cache-Control"] == "no-store"


def test_logging_in_leads_back_to_it(cast, token, client):
    UserFactory(username="pierre")
    login = client.post(page(token)).url
    response = client.post(login, {"login": "pierre", "password": PASSWORD})
    assert response.url == page(token)
    assert client.post(page(token)).url == "/i/law/"
    assert client.get("/i/law/").status_code == 200


def test_a_get_accepts_nothing(cast, token, client_for):
    newcomer = UserFactory()
    client_for(newcomer).get(page(token))
    assert find_invitation(token).state == "open"


def test_an_account_is_made_with_it_and_only_with_it(cast, token, client):
    account = reverse("invitation_account", args=[token])
    assert client.get(account).status_code == 200
    response = client.post(account, ACCOUNT)
    assert response.url == "/i/law/"
    assert client.get("/i/law/").status_code == 200
    marie = User.objects.get(username="marie")
    assert (marie.email, marie.is_staff) == ("", False)
    assert get_membership(marie, "law").role == "guest"
    client.logout()
    assert client.post(account, ACCOUNT | {"username": "eve"}).status_code == 410
    assert not User.objects.filter(username="eve").exists()
    assert client.get("/accounts/signup/").status_code == 200
    client.post("/accounts/signup/", ACCOUNT | {"username": "eve"})
    assert not User.objects.filter(username="eve").exists()


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"username": "dean@univ.example"}, "username"),
        ({"username": "OWNER"}, "username"),
        ({"password1": "short", "password2": "short"}, "password2"),
        ({"password2": "something else entirely"}, "password2"),
        ({"first_name": ""}, "first_name"),
    ],
    ids=["like an address", "taken", "short", "two passwords", "no name"],
)
def test_why_an_account_is_not_made(cast, token, client, change, wrong):
    form = client.post(reverse("invitation_account", args=[token]), ACCOUNT | change)
    assert form.context["form"].errors.keys() == {wrong}
    assert find_invitation(token).state == "open"


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        ("unknown", 404, "not known"),
        ("expired", 410, "expired"),
        ("revoked", 410, "withdrawn"),
        ("accepted", 410, "was used"),
        ("closed", 410, "closed"),
    ],
)
def test_closed_invitation_shows_its_state(cast, token, client, client_for, state, status, said):
    invitation = find_invitation(token)
    with tenant(cast.instance):
        if state == "expired":
            type(invitation).objects.update(expires_at=timezone.now())
        elif state == "revoked":
            revoke(invitation)
        elif state == "accepted":
            accept(invitation, user=UserFactory())
    if state == "closed":
        cast.instance.status = "suspended"
        cast.instance.save()
    address = page("x" * 43 if state == "unknown" else token)
    for browser in (client, client_for(UserFactory())):
        for response in (browser.get(address), browser.post(address)):
            assert response.status_code == status
            assert said in response.text


def test_member_does_not_use_up_invitation(cast, token, client_for):
    for response in (
        client_for(cast.owner).get(page(token)),
        client_for(cast.teammate).post(page(token)),
    ):
        assert "You are a member already" in response.text
    assert find_invitation(token).state == "open"


def test_accepted_invitation_links_to_instance(cast, token, client_for):
    newcomer = UserFactory()
    accept(find_invitation(token), user=newcomer)
    assert "You have accepted" in client_for(newcomer).get(page(token)).text


def test_requests_are_limited(db, client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"invitation": "3/m/ip"}
    cache.clear()
    statuses = [client.get(page(f"{number:043}")).status_code for number in range(4)]
    assert statuses == [404, 404, 404, 429]

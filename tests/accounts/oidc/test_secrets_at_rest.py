"""A dump of all tables contains no secret in clear."""

from datetime import timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialToken
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import OidcSession
from accounts.oidc.configuration import client_secret_of
from inference.backends import save_access
from inference.catalogue_rows import access_of
from inference.models import BackendAccess
from instances.access.api_keys import create_api_key
from instances.members.invitations import create_invitation
from instances.models import Membership
from instances.tenancy import tenant
from tests.accounts.oidc.conftest import Browser
from tests.accounts.oidc.scripted_issuer import CLIENT_SECRET
from tests.factories import PASSWORD, InstanceFactory, UserFactory
from tests.inference.factories import BackendFactory

BACKEND_KEY = "sk-of-a-backend"
OTHER_KEY = "another secret key " * 4


def dump():
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        tables = [name for (name,) in cursor.fetchall()]
        assert {"public.django_session", "public.instances_apikey"} <= set(tables)
        text = []
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608 (quoted names)
            text += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    return "\n".join(text)


@pytest.fixture
def id_tokens(issuer):
    """The id_tokens that the provider has issued."""
    issued = []
    sign = issuer.sign

    def signed(claims):
        issued.append(sign(claims))
        return issued[-1]

    issuer.sign = signed
    return issued


@pytest.fixture
def factor(browser, rule):
    """A second factor of Zoé's; ``factor.secret`` is its seed."""
    browser.log_in()
    secret = generate_totp_secret()
    TOTP.activate(browser.person, secret)
    RecoveryCodes.activate(browser.person)
    browser.client.logout()
    return secret


def test_tables_contain_no_secret_in_clear(browser, rule, issuer, id_tokens, factor):
    instance = InstanceFactory(organisation=rule.organisation)
    ada = UserFactory(username="ada")
    with tenant(instance):
        Membership.objects.create(instance=instance, user=ada, role="admin")
        _key, api_key = create_api_key(
            instance=instance, name="bench", scope="manage", created_by=ada
        )
        _invitation, invitation = create_invitation(
            instance=instance,
            role="guest",
            expires_at=timezone.now() + timedelta(days=1),
            membership_expires_at=timezone.now() + timedelta(days=2),
            created_by=ada,
        )
    # A second factor that is being set up, a login that waits for one, and one that has gone away.
    setting_up = Browser(issuer)
    setting_up.client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    setting_up.client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = setting_up.client.get(reverse("mfa_activate_totp"))
    seed_on_its_way = page.context["form"].secret
    assert browser.log_in().url.startswith(reverse("mfa_authenticate"))
    away = Browser(issuer)
    away.begin()
    (state,) = away.client.session["socialaccount_states"].values()
    session = Browser(issuer)
    OidcSession.objects.all().delete()
    session.log_in(sub="somebody-else")
    assert OidcSession.objects.count() == 1

    save_access(BackendFactory(), None, key=BACKEND_KEY)
    recovery = RecoveryCodes(Authenticator.objects.get(type="recovery_codes"))
    secrets = {
        "client secret": CLIENT_SECRET,
        "seed": factor,
        "seed being set up": seed_on_its_way,
        "recovery code": recovery.get_unused_codes()[0],
        "API key": api_key,
        "invitation": invitation,
        "key of a backend": BACKEND_KEY,
        "password": PASSWORD,
        "code verifier": state[0]["pkce_code_verifier"],
        "nonce": state[0]["data"]["nonce"],
        **{f"id_token {number}": token for number, token in enumerate(id_tokens)},
    }
    assert len(id_tokens) == 3
    with tenant(instance):
        text = dump()
    assert "public.instances_apikey: (" in text, "the tenant's rows are in it"
    assert [name for name, secret in secrets.items() if secret in text] == []
    assert not SocialToken.objects.exists()


@pytest.mark.parametrize("rotated", [False, True], ids=["fallback", "rotated"])
def test_secrets_remain_readable_after_key_rotation(
    browser, rule, app, issuer, factor, settings, rotated
):
    former = settings.SECRET_KEY
    browser.log_in(sub="zoe-2")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OTHER_KEY, [former]
    if rotated:
        call_command("rotatesecrets", stdout=StringIO())
        settings.SECRET_KEY_FALLBACKS = []
    else:
        assert browser.person
    app.refresh_from_db()
    assert client_secret_of(app) == CLIENT_SECRET
    again = Browser(issuer)
    again.log_in(sub="zoe-3")
    assert again.person
    assert "id_token_hint=ey" in again.client.post("/saml/logout/").context["url"]
    for one in Authenticator.objects.all():
        kept = one.wrap()
        assert kept.get_unused_codes() if one.type == "recovery_codes" else kept


def test_rotation_encrypts_and_counts_all_secrets(app, factor, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = OTHER_KEY
    before = [str(one.data) for one in Authenticator.objects.order_by("pk")]
    save_access(BackendFactory(), None, key=BACKEND_KEY)
    out = StringIO()
    call_command("rotatesecrets", stdout=out)
    assert out.getvalue().startswith("5 secrets")
    settings.SECRET_KEY_FALLBACKS = []
    assert access_of(BackendAccess.objects.get()).api_key == BACKEND_KEY
    after = [str(one.data) for one in Authenticator.objects.order_by("pk")]
    assert all(one != other for one, other in zip(before, after, strict=True))


def test_rotation_without_former_key_changes_nothing(app, factor, settings):
    before = dump()
    settings.SECRET_KEY = OTHER_KEY
    with pytest.raises(CommandError, match="SECRET_KEY_FALLBACKS"):
        call_command("rotatesecrets")
    assert dump() == before


def test_unreadable_secret_shows_failure_page(app, rule, browser, settings):
    """People see that it cannot be used, operators are told why, and logging out works."""
    browser.log_in()
    settings.SECRET_KEY_FALLBACKS = []
    session_key, former = browser.client.session.session_key, settings.SECRET_KEY
    settings.SECRET_KEY = OTHER_KEY
    response = Browser(browser.issuer).client.get("/accounts/oidc/keycloak/login/")
    assert response.status_code == 503
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("oidc", "check", "keycloak", stdout=out)
    assert "SECRET_KEY_FALLBACKS" in out.getvalue()
    settings.SECRET_KEY = former
    OidcSession.objects.update(id_token="gAAAAunreadable")
    assert browser.client.post("/saml/logout/").status_code == 302
    assert not Session.objects.filter(session_key=session_key).exists()

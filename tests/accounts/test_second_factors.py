"""Second factors of local accounts: codes of an app, recovery codes, and who needs one."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from instances.access.second_factor import has_second_factor
from tests.factories import PASSWORD, UserFactory

PAGES_WITH_A_FACTOR = ["mfa_index", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"]


def code_for(secret):
    """What the app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def ada(db):
    return UserFactory(username="ada")


@pytest.fixture
def secret(ada):
    """The secret of Ada's app; she has recovery codes as well."""
    secret = generate_totp_secret()
    TOTP.activate(ada, secret)
    RecoveryCodes.activate(ada)
    return secret


def give_password(client, user, **more):
    return client.post("/accounts/login/", {"login": user.username, "password": PASSWORD, **more})


def give_code(client, code):
    return client.post(reverse("mfa_authenticate"), {"code": code})


def logged_in(client):
    return "_auth_user_id" in client.session


def test_app_is_set_up_and_then_required(client, ada):
    give_password(client, ada)
    activate = reverse("mfa_activate_totp")
    # Changing what opens the account asks for the password again.
    assert client.get(activate).url.startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(activate)
    assert "data:image/svg+xml;base64," in page.text
    secret = page.context["form"].secret
    answer = client.post(activate, {"code": code_for(secret)})
    assert answer.url == reverse("mfa_view_recovery_codes")
    codes = client.get(answer.url).context["unused_codes"]
    assert len(codes) == 10

    again = Client()
    assert give_password(again, ada).url == reverse("mfa_authenticate")
    assert not logged_in(again)
    assert give_code(again, codes[0]).url == "/"
    assert logged_in(again)


def test_code_completes_login(client, ada, secret):
    give_password(client, ada, next="/accounts/profile/")
    answer = give_code(client, code_for(secret))
    assert answer.url == "/accounts/profile/"
    request = client.get("/accounts/profile/").wsgi_request
    assert has_second_factor(request)


@pytest.mark.parametrize("code", ["000000", "", "abc", "1" * 400])
def test_wrong_code_is_refused(client, ada, secret, code):
    give_password(client, ada)
    page = give_code(client, code)
    assert page.status_code == 200
    assert page.context["form"].errors
    assert not logged_in(client)


def test_code_without_password_is_refused(client, ada, secret):
    assert give_code(client, code_for(secret)).url == reverse("account_login")
    assert not logged_in(client)


def test_code_is_accepted_once(client, ada, secret):
    code = code_for(secret)
    give_password(client, ada)
    give_code(client, code)
    assert logged_in(client)
    again = Client()
    give_password(again, ada)
    give_code(again, code)
    assert not logged_in(again)


def test_recovery_code_is_accepted_once(client, ada, secret):
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    for expected in (True, False):
        browser = Client()
        give_password(browser, ada)
        give_code(browser, code)
        assert logged_in(browser) is expected


def test_wrong_codes_are_limited(client, ada, secret):
    give_password(client, ada)
    for _attempt in range(12):
        give_code(client, "000000")
    page = give_code(client, code_for(secret))
    assert page.context["form"].errors
    assert not logged_in(client)


@pytest.mark.parametrize("name", PAGES_WITH_A_FACTOR)
def test_pages_of_person_with_factor_open(client, ada, secret, name):
    give_password(client, ada)
    give_code(client, code_for(secret))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse(name))
    assert page.status_code == 200
    assert page.text.count("<h1") == 1


@pytest.mark.parametrize("name", ["logins", "second_factor", "mfa_list_webauthn", "mfa_index"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_of_logged_in_person_open(client, ada, name, language):
    client.force_login(ada)
    page = client.get(reverse(name), headers={"accept-language": language})
    assert page.status_code == 200
    assert page.text.count("<h1") == 1


@pytest.fixture
def operator(db, settings):
    settings.REQUIRE_OPERATOR_MFA = True
    return UserFactory(username="root", is_staff=True, is_superuser=True)


def test_operator_must_set_up_second_factor_first(client, operator):
    client.force_login(operator)
    for path in ("/", "/admin/"):
        assert client.get(path).url.startswith(reverse("second_factor"))
    page = client.get(reverse("second_factor"))
    assert reverse("mfa_index") in page.text
    assert client.get(reverse("mfa_index")).status_code == 200
    assert client.post("/saml/logout/").status_code == 302


def test_operator_with_second_factor_is_admitted(client, operator):
    secret = generate_totp_secret()
    TOTP.activate(operator, secret)
    client.force_login(operator)
    page = client.get(reverse("second_factor"), {"next": "/admin/"})
    assert reverse("mfa_reauthenticate") in page.context["confirm_url"]
    client.post(reverse("mfa_reauthenticate"), {"code": code_for(secret)})
    assert client.get("/admin/").status_code == 200
    assert client.get(reverse("second_factor"), {"next": "/admin/"}).url == "/admin/"
    assert client.get(reverse("second_factor"), {"next": "//evil.example"}).url == "/"


def test_other_people_need_no_second_factor(client, operator):
    client.force_login(UserFactory())
    assert client.get("/").status_code == 200


def test_seeds_are_encrypted_in_database(ada, secret):
    for factor in Authenticator.objects.filter(user=ada):
        assert secret not in str(factor.data)
    seed = RecoveryCodes(Authenticator.objects.get(user=ada, type="recovery_codes"))
    assert seed.get_unused_codes()


def test_changed_secret_key_needs_former_one(client, ada, secret, settings):
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "another " * 10
    app = Authenticator.objects.get(user=ada, type="totp")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FALLBACKS"):
        app.wrap().validate_code(code_for(secret))
    settings.SECRET_KEY_FALLBACKS = [former]
    assert app.wrap().validate_code(code_for(secret))


def test_administration_redirects_to_login_page(client, ada, secret):
    """It would open a session by the password alone, and take any number of guesses."""
    ada.is_staff = ada.is_superuser = True
    ada.save()
    answer = client.post("/admin/login/", {"username": "ada", "password": PASSWORD})
    assert answer.url == "/accounts/login/?next=%2Fadmin%2Flogin%2F"
    assert not logged_in(client)
    give_password(client, ada)
    give_code(client, code_for(secret))
    assert client.get("/admin/login/").url == "/admin/"
    client.force_login(UserFactory())
    assert client.get("/admin/login/").status_code == 403

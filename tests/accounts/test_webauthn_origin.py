"""Keys and passkeys are bound to the site's own origin: scheme, host and port."""

import json
from base64 import urlsafe_b64encode

import pytest
from allauth.mfa import app_settings
from allauth.mfa.webauthn.views import auth
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string

from accounts.adapter import MfaAdapter
from accounts.webauthn_origin import require_site_origin
from tests.factories import UserFactory

ELSEWHERE = [
    "https://rag.example:8443",
    "http://rag.example",
    "https://a.rag.example",
    "https://rag.example.evil.example",
    "https://evil.example",
    "https://rag.example:x",
    "rag.example",
    "null",
    "",
]
FORMS = ["add_webauthn", "login_webauthn", "authenticate_webauthn", "reauthenticate_webauthn"]


def credential(origin, **more):
    """What a browser on a page of ``origin`` sends, with a signature that nobody looks at."""
    client_data = {"type": "webauthn.get", "challenge": "", "origin": origin} | more
    encoded = urlsafe_b64encode(json.dumps(client_data).encode()).decode().rstrip("=")
    return {"response": {"clientDataJSON": encoded}}


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = "https://rag.example"


@pytest.mark.parametrize("origin", ["https://rag.example", "https://rag.example:443"])
def test_own_origin_is_accepted(origin):
    require_site_origin(credential(origin))


@pytest.mark.parametrize("origin", ELSEWHERE, ids=lambda origin: origin or "none")
def test_other_origins_are_refused(origin):
    with pytest.raises(ValidationError):
        require_site_origin(credential(origin))


def test_cross_origin_frame_is_refused():
    with pytest.raises(ValidationError):
        require_site_origin(credential("https://rag.example", crossOrigin=True))


@pytest.mark.parametrize(
    "sent", [None, {}, {"response": {}}, {"response": {"clientDataJSON": "!"}}, {"response": 1}]
)
def test_malformed_client_data_is_refused(sent):
    with pytest.raises(ValidationError):
        require_site_origin(sent)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("origin", ["https://rag.example:8443", "https://a.rag.example"])
def test_every_form_with_a_key_checks_origin(db, name, origin, monkeypatch):
    """Each refuses before the signature is even looked at."""

    def looked_at(*_arguments):
        raise AssertionError("the origin was not checked first")

    for step in ("complete_authentication", "complete_registration", "parse_registration_response"):
        monkeypatch.setattr(auth, step, looked_at)
    person = {} if name == "login_webauthn" else {"user": UserFactory()}
    form = import_string(app_settings.FORMS[name])(
        {"credential": json.dumps(credential(origin))}, **person
    )
    assert form.errors.keys() >= {"credential"}


def test_keys_are_bound_to_the_host_of_the_site():
    assert MfaAdapter().get_public_key_credential_rp_entity()["id"] == "rag.example"

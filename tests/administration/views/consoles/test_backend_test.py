"""The connection test, against a scripted server over HTTP."""

import ssl
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.urls import reverse

from inference.backends import save_access
from instances.models import AuditEntry
from instances.tenancy import overseeing
from tests.cast import make_cast
from tests.factories import UserFactory
from tests.inference.factories import BackendFactory, LanguageModelFactory
from tests.scripted_llm import DONE, MODEL, Act, Reply, ScriptedLLM, chunk, json_reply, stream


@pytest.fixture
def tls_llm(tmp_path):
    """``(authority, base_url)`` of a server whose certificate only its own authority signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "server.pem").write_bytes(pem + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with ScriptedLLM(tls=context) as server:
        yield pem.decode(), server.base_url


PAGE = "<!doctype html><title>Portal</title>"


@pytest.fixture
def test_page(transactional_db, client_for):
    """``test_page(backend)``: the page of its connection test, for an operator."""
    browser = client_for(UserFactory(is_staff=True))

    def post(backend):
        path = reverse("administration:site_backend_test", args=[backend.pk])
        return unescape(browser.post(path).text)

    return post


def test_working_backend_is_measured_and_its_models_can_be_added(test_page, scripted_llm):
    scripted_llm.models = (
        {"id": MODEL, "max_model_len": 32768},
        {"id": "lab/other one", "max_model_len": 4096},
    )
    backend = BackendFactory(base_url=scripted_llm.base_url)
    listing = json_reply({"data": list(scripted_llm.models)})
    scripted_llm.script(listing, stream("One", " two", " three", pause_s=0.01))
    # Without a model, the first of the list is asked.
    text = test_page(backend)
    assert f"The model {MODEL} answers." in text
    assert "tokens a second" in text
    assert "32,768" in text
    assert f"models/new/?id={quote('lab/other one', safe='').replace('%20', '+')}" in text

    LanguageModelFactory(backend=backend, server_id="lab/retired")
    save_access(backend, None, key="sk-right")
    scripted_llm.script(listing, stream("One"))
    text = test_page(backend)
    assert "The backend no longer lists lab/retired." in text
    assert scripted_llm.requests[-1].headers["authorization"] == "Bearer sk-right"
    assert scripted_llm.requests[-1].body["model"] == "lab/retired"


def test_abilities_are_detected_and_saved(test_page, scripted_llm):
    model = LanguageModelFactory(backend__base_url=scripted_llm.base_url, supports_images=True)
    function = {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    call = chunk(delta={"tool_calls": [{"index": 0, "id": "a", "function": function}]})
    answers = [stream("One"), Reply([call, DONE]), stream('{"legs": 4}'), stream("Blue")]
    scripted_llm.script(json_reply({"data": [{"id": model.server_id}]}), *answers)
    assert "calls tools, writes JSON by a schema" in test_page(model.backend)
    model.refresh_from_db()
    found = (model.supports_tools, model.supports_json, model.supports_images)
    assert found == (True, True, False)
    with overseeing():
        assert AuditEntry.objects.filter(action="model.changed").exists()

    # Servers that refuse, or that ignore what they do not know.
    refused = json_reply({"error": "unsupported"}, 400)
    scripted_llm.script(json_reply({"data": []}), stream("One"), refused, stream("Four"), refused)
    assert "text only" in test_page(model.backend)
    model.refresh_from_db()
    assert not model.abilities


def test_model_that_transcribes_is_not_asked(test_page, scripted_llm):
    model = LanguageModelFactory(
        backend__base_url=scripted_llm.base_url, server_id="whisper", transcribes=True
    )
    scripted_llm.script(json_reply({"data": [{"id": "whisper"}]}))
    text = test_page(model.backend)
    assert "The model whisper transcribes recordings, so this test asks it no question." in text
    assert len(scripted_llm.requests) == 1


LIST = json_reply({"object": "list", "data": [{"id": MODEL}]})
NO_SUCH_MODEL = json_reply({"error": {"code": "model_not_found", "message": "no model x"}}, 404)


@pytest.mark.parametrize(
    ("replies", "message"),
    [
        ([json_reply({"error": "Unauthorized"}, 401)], "refuses the key"),
        ([LIST, NO_SUCH_MODEL], "does not offer this model"),
        ([Reply([PAGE.encode()], headers={"Content-Type": "text/html"})] * 2, "OpenAI-compatible"),
        ([json_reply({"detail": "Not Found"}, 404)] * 2, "usually ends in /v1"),
        ([LIST, json_reply({"error": "busy"}, 503)], "is busy"),
        ([LIST, json_reply({"error": "out of memory"}, 500)], "server failed"),
        ([LIST, json_reply({"error": {"message": "temperature: no"}}, 400)], "temperature: no"),
        ([LIST, Reply([Act.CUT])], "server failed"),
    ],
    ids=["key", "model", "portal", "no-v1", "busy", "broken", "refused", "cut"],
)
def test_failure_says_what_to_do(test_page, scripted_llm, replies, message):
    scripted_llm.script(*replies)
    backend = LanguageModelFactory(backend__base_url=scripted_llm.base_url, server_id="x").backend
    assert message in test_page(backend)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://127.0.0.1:9/v1", "refuses the connection"),
        ("http://nothing.invalid/v1", "name of the server is unknown"),
    ],
    ids=["refused", "name"],
)
def test_server_that_cannot_be_reached_says_why(test_page, address, message):
    assert message in test_page(BackendFactory(base_url=address))


def test_untrusted_certificate_is_named_and_own_authority_is_trusted(test_page, tls_llm):
    authority, address = tls_llm
    backend = BackendFactory(base_url=address)
    assert "certificate is not trusted" in test_page(backend)
    backend.ca_certificates = authority
    backend.save()
    assert f"The model {MODEL} answers." in test_page(backend)


def test_test_of_an_organisation_cannot_reach_private_addresses(
    transactional_db, client_for, scripted_llm
):
    cast = make_cast()
    organisation = cast.instance.organisation
    organisation.administrators.create(user=cast.teammate)
    # The address was written by an operator, or its name leads elsewhere now.
    address = scripted_llm.base_url.replace("127.0.0.1", "localhost")
    backend = BackendFactory(base_url=address, owner=organisation)
    path = reverse("administration:organisation_backend_test", args=[organisation.slug, backend.pk])
    assert "private network" in client_for(cast.teammate).post(path).text
    assert client_for(cast.owner).post(path).status_code == 404
    assert scripted_llm.requests == []

"""Single logout: an IdP ends what it began for that person, and nothing else."""

import base64
import uuid
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from django.test import Client
from lxml import etree

from accounts.models import LoginRule, SamlSession
from accounts.saml.feeds import add_single_idp
from tests.accounts.saml.forger import SAML, SAMLP, make_keys
from tests.accounts.saml.journey import Browser, code_of
from tests.factories import OrganisationFactory

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SLO = "https://rag.example/saml/slo/"


def logout_request(idp, name_id, *, destination=SLO, shift=timedelta(), index=""):
    now = datetime.now(UTC) + shift
    session_index = f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" if index else ""
    return f"""<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" Version="2.0"
 ID="_l{uuid.uuid4().hex}" IssueInstant="{now:%Y-%m-%dT%H:%M:%SZ}" Destination="{destination}">
<saml:Issuer>{idp.entity_id}</saml:Issuer><saml:NameID>{name_id}</saml:NameID>{session_index}
</samlp:LogoutRequest>"""


def query(
    xml, keys=None, *, name="SAMLRequest", algorithm=RSA_SHA256, relay_state="state", as_der=False
):
    """The query string of a message, signed if ``keys`` are given."""
    deflated = zlib.compress(xml.encode())[2:-4]
    text = f"{name}={quote_plus(base64.b64encode(deflated))}&RelayState={relay_state}"
    if keys is None:
        return text
    text += f"&SigAlg={quote_plus(algorithm)}"
    key = serialization.load_pem_private_key(keys.key.read_bytes(), None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        signature = key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
        if not as_der:
            r, s = decode_dss_signature(signature)
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    else:
        signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}&Signature={quote_plus(base64.b64encode(signature))}"


@pytest.fixture
def rule(db, idp_a):
    return LoginRule.objects.create(
        organisation=OrganisationFactory(),
        identity_provider=add_single_idp(idp_a.metadata().encode()),
    )


@pytest.fixture
def alice(rule, idp_a):
    browser = Browser(idp_a)
    browser.log_in(rule, name_id="alice-opaque")
    assert browser.person
    return browser


def send(text):
    return Client().get(f"/saml/slo/?{text}")


def test_the_idp_logs_somebody_out(alice, idp_a, rule):
    other = Browser(idp_a)
    attributes = {"eppn": ["bob@univ-a.example"], "affiliation": ["staff@univ-a.example"]}
    other.log_in(rule, name_id="bob-opaque", attributes=attributes)
    response = send(query(logout_request(idp_a, "alice-opaque"), idp_a.keys[0]))
    assert response.status_code == 302
    answer = parse_qs(urlsplit(response.url).query)
    assert answer["RelayState"] == ["state"]
    xml = zlib.decompress(base64.b64decode(answer["SAMLResponse"][0]), -15)
    assert etree.fromstring(xml).tag == f"{{{SAMLP}}}LogoutResponse"
    assert (alice.person, other.person.username) == (None, "bob@univ-a.example")


def test_only_the_named_session_ends(alice, idp_a, rule):
    again = Browser(idp_a)
    again.log_in(rule, name_id="alice-opaque")
    index = SamlSession.objects.get(session_key=alice.client.session.session_key).session_index
    send(query(logout_request(idp_a, "alice-opaque", index=index), idp_a.keys[0]))
    assert (alice.person, bool(again.person)) == (None, True)


@pytest.mark.parametrize(
    "attack",
    ["unsigned", "forged", "sha1", "another idp", "stale", "destination", "tampered", "bomb"],
)
def test_forged_logouts_end_nothing(alice, idp_a, idp_b, all_keys, attack):
    request = logout_request(idp_a, "alice-opaque")
    good = query(request, idp_a.keys[0])
    add_single_idp(idp_b.metadata().encode())
    texts = {
        "unsigned": query(request),
        "forged": query(request, all_keys["attacker"]),
        "sha1": query(
            request, idp_a.keys[0], algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"
        ),
        "another idp": query(logout_request(idp_b, "alice-opaque"), idp_b.keys[0]),
        "stale": query(
            logout_request(idp_a, "alice-opaque", shift=timedelta(hours=-1)), idp_a.keys[0]
        ),
        "destination": query(
            logout_request(idp_a, "alice-opaque", destination="https://x.example/"), idp_a.keys[0]
        ),
        "tampered": good.replace("RelayState=state", "RelayState=other"),
        "bomb": query(request + " " * (4 << 20), idp_a.keys[0]),
    }
    response = send(texts[attack])
    if attack != "another idp":
        assert code_of(response) in {"refused", "clock"}
    assert alice.person.username == "alice@univ-a.example"


@pytest.mark.parametrize("as_der", [False, True], ids=["XML signature's form", "Java's form"])
@pytest.mark.parametrize("forged", [False, True])
def test_an_idp_that_signs_by_ecdsa(db, idp_a, tmp_path, as_der, forged):
    curve_keys = make_keys(tmp_path, "ec", ec.generate_private_key(ec.SECP256R1()))
    idp = replace(idp_a, keys=(idp_a.keys[0], curve_keys))
    row = add_single_idp(idp.metadata().encode())
    rule = LoginRule.objects.create(organisation=OrganisationFactory(), identity_provider=row)
    browser = Browser(idp)
    browser.log_in(rule, name_id="alice-opaque")
    signer = make_keys(tmp_path, "other", ec.generate_private_key(ec.SECP256R1()))
    send(
        query(
            logout_request(idp, "alice-opaque"),
            signer if forged else curve_keys,
            algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            as_der=as_der,
        )
    )
    assert (browser.person is None) == (not forged)


@pytest.mark.parametrize(
    "text", ["", "SAMLRequest=%%%", "SAMLRequest=AAAA", "SAMLRequest=a&SAMLRequest=b"]
)
def test_garbage(db, text):
    assert code_of(send(text)) == "refused"


def test_our_logout_tells_the_idp(alice, idp_a):
    response = alice.client.post("/saml/logout/")
    url = response.context["url"]
    assert url.startswith(idp_a.slo_url)
    message = parse_qs(urlsplit(url).query)
    xml = zlib.decompress(base64.b64decode(message["SAMLRequest"][0]), -15)
    assert etree.fromstring(xml).find(f"{{{SAML}}}NameID").text == "alice-opaque"
    assert "Signature" in message
    assert alice.person is None
    assert not SamlSession.objects.exists()


def test_our_logout_without_an_idp(db, client):
    assert client.post("/saml/logout/").url == "/accounts/login/"
    assert client.get("/saml/logout/").status_code == 405

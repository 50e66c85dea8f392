"""Single logout: an IdP ends only the sessions of its own logins of that person."""

import base64
import zlib
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from accounts.models import LoginRule, SamlSession
from accounts.saml.metadata.feeds import add_single_idp
from tests.accounts.saml.idps.forger import SAML, SAMLP, make_keys
from tests.accounts.saml.idps.logouts import logout_request, query, send
from tests.accounts.saml.journey import Browser, code_of
from tests.factories import OrganisationFactory


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


def test_logout_request_ends_the_session(alice, idp_a, rule):
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
def test_forged_logout_request_ends_no_session(alice, idp_a, idp_b, all_keys, attack):
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
def test_ecdsa_signature_of_idp_is_accepted(db, idp_a, tmp_path, as_der, forged):
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
def test_invalid_message_is_refused(db, text):
    assert code_of(send(text)) == "refused"


def test_logout_sends_a_logout_request(alice, idp_a):
    response = alice.client.post("/saml/logout/")
    url = response.context["url"]
    assert url.startswith(idp_a.slo_url)
    message = parse_qs(urlsplit(url).query)
    xml = zlib.decompress(base64.b64decode(message["SAMLRequest"][0]), -15)
    assert etree.fromstring(xml).find(f"{{{SAML}}}NameID").text == "alice-opaque"
    assert "Signature" in message
    assert alice.person is None
    assert not SamlSession.objects.exists()


def test_logout_without_idp(db, client):
    assert client.post("/saml/logout/").url == "/accounts/login/"
    assert client.get("/saml/logout/").status_code == 405

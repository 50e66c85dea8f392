"""The signed text is the text that is read: no octets that two XML parsers decode differently.

``andré`` written in UTF-8 and read as ISO-8859-1 is ``andrÃ©``: an IdP that asserts the second
must not log in the first.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import CommandError, call_command
from lxml import etree

from accounts.models import IdentityProvider, SamlSession
from accounts.saml.client import client_for
from accounts.saml.errors import MetadataRefused
from accounts.saml.messages.authn_request import metadata_of
from accounts.saml.messages.redirect_binding import signing_keys
from accounts.saml.metadata.feeds import refresh_feed
from people.models import User
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.documents import AMBIGUOUS, MARK, PLAIN, declared
from tests.accounts.saml.idps.logouts import logout_request, query, send
from tests.accounts.saml.journey import Browser, code_of, identity

# Whom the IdP vouches for: ``alice`` has another spelling in UTF-7, ``Ã©`` is ``é`` elsewhere.
ATTRIBUTES = {
    "eppn": ["alice.andrÃ©@univ-a.example"],
    "affiliation": ["staff@univ-a.example"],
}


def text_of(root):
    return etree.tostring(root, encoding="unicode")


@pytest.mark.parametrize("write", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ambiguously_encoded_response_is_refused(browser, rule, write):
    browser.begin(rule)
    octets = write(text_of(forger.signed_assertion(browser.answer(attributes=ATTRIBUTES))))
    response = browser.finish(octets)
    assert (code_of(response), browser.person, User.objects.count()) == ("refused", None, 0)


@pytest.mark.parametrize("write", PLAIN.values(), ids=PLAIN)
def test_unambiguously_encoded_response_is_accepted(browser, rule, write):
    browser.begin(rule)
    answer = browser.answer(attributes=ATTRIBUTES | {"eppn": ["andré@univ-a.example"]})
    browser.finish(write(text_of(forger.signed_response(answer))))
    assert identity(browser.person) == ("andré@univ-a.example", "https://idp-a.example/idp")


@pytest.mark.parametrize("write", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ambiguously_encoded_encrypted_assertion_is_refused(browser, rule, all_keys, write):
    """The plain text is decoded by who decrypts it, and read again from what comes out."""
    browser.begin(rule)
    root = forger.signed_assertion(browser.answer(attributes=ATTRIBUTES))
    plain = write(text_of(forger.assertion_of(root)))
    browser.finish(forger.encrypt_octets(root, plain, all_keys["sp"]))
    if browser.person is not None:
        assert identity(browser.person)[0] == ATTRIBUTES["eppn"][0].lower()


@pytest.mark.parametrize("marked", [False, True], ids=["declared", "mark"])
def test_text_that_pysaml2_rewrites_is_verified_as_received(browser, rule, all_keys, marked):
    browser.begin(rule)
    root = forger.encrypt(browser.answer(attributes=ATTRIBUTES).tree(), all_keys["sp"])
    root = forger.sign(root, root, all_keys["idp-a"])
    octets = (MARK if marked else b"") + declared("ISO-8859-1") + text_of(root).encode("latin-1")
    assert (code_of(browser.finish(octets)), browser.person) == ("refused", None)


def test_only_the_message_is_verified_and_decrypted(browser, rule, all_keys, monkeypatch):
    """pysaml2 hands over its own rewriting of the message: what xmlsec1 is given is the message."""
    from accounts.saml.signatures import pysaml2_backend

    given = []
    run = pysaml2_backend.LimitedXmlsec._run_xmlsec

    def spy(self, commands, files):
        given.append((commands[1], Path(files[0]).read_bytes()))
        return run(self, commands, files)

    monkeypatch.setattr(pysaml2_backend.LimitedXmlsec, "_run_xmlsec", spy)
    browser.begin(rule)
    root = forger.encrypt(forger.signed_assertion(browser.answer()), all_keys["sp"])
    octets = text_of(forger.sign(root, root, all_keys["idp-a"])).encode()
    browser.finish(octets)
    assert identity(browser.person)[0] == "alice@univ-a.example"
    assert {octets for action, octets in given if action == "--decrypt"} == {octets}
    verified = [octets for action, octets in given if action == "--verify"]
    assert verified[0] == octets
    assert all(each == octets or b"EncryptedData" not in each for each in verified)


@pytest.mark.parametrize("write", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ambiguously_encoded_logout_request_is_refused(rule, idp_a, write):
    """The IdP names somebody else, in octets that one of two readers takes for ``alice andré``."""
    browser = Browser(idp_a)
    browser.log_in(rule, name_id="alice andré")
    octets = write(logout_request(idp_a, "alice andrÃ©"))
    response = send(query(octets, idp_a.keys[0]))
    assert (code_of(response), browser.person.username) == ("refused", "alice@univ-a.example")
    assert SamlSession.objects.count() == 1


@pytest.mark.parametrize("write", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ambiguously_encoded_feed_is_refused(feed, server, publish, idp_a, write):
    publish([replace(idp_a, name="alice Ã©")])
    server.body = write(text_of(etree.fromstring(server.body)))
    with pytest.raises(MetadataRefused):
        refresh_feed(feed)
    assert not IdentityProvider.objects.exists()


@pytest.mark.parametrize("write", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_ambiguously_encoded_metadata_file_is_refused(db, tmp_path, idp_a, write):
    path = tmp_path / "idp.xml"
    path.write_bytes(write(idp_a.metadata().replace("Université A", "alice Ã©")))
    with pytest.raises(CommandError, match="ResponseRefused"):
        call_command("saml", "idp", str(path))
    assert not IdentityProvider.objects.exists()


SPELLINGS = {
    "comment": lambda key: f"{key[:40]}<!-- {key[:8]} -->{key[40:]}",
    "character-data": lambda key: f"<![CDATA[{key}]]>",
    "references": lambda key: f"{key[:40]}&#x{ord(key[40]):x};{key[41:]}",
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_both_readers_of_stored_metadata_find_signed_keys(
    feed, server, publish, all_keys, idp_a, sp, spell
):
    """pysaml2 and we read the row again, which the verified text of a feed was written to."""
    key = all_keys["idp-a"].base64
    publish([idp_a])
    server.body = server.body.decode().replace(key, spell(key)).encode()
    refresh_feed(feed)
    provider = IdentityProvider.objects.get()
    store = client_for(sp, metadata_of(provider)).metadata
    by_pysaml2 = {text for _name, text in store.certs(provider.entity_id, "any", "signing")}
    assert {"".join(text.split()) for text in by_pysaml2} == {pair.base64 for pair in idp_a.keys}
    ours = {der(key) for key in signing_keys(provider.xml)}
    assert ours == {
        der(x509.load_pem_x509_certificate(pair.pem.encode()).public_key()) for pair in idp_a.keys
    }


def der(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

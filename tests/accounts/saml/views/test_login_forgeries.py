"""Forged responses through a complete login: no session, and no stored data."""

from dataclasses import replace

import pytest
from lxml import etree

from accounts.models import SamlSession
from accounts.saml.metadata.feeds import add_single_idp
from accounts.saml.service_provider import service_provider
from people.models import User
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.changes import EVE, evil_copy, find, put
from tests.accounts.saml.idps.forger import Answer
from tests.accounts.saml.journey import code_of, identity


def unsigned(browser, keys):
    return browser.answer().tree()


def foreign_key(browser, keys):
    return forger.signed_assertion(browser.answer(), keys=keys["attacker"])


def tampered(browser, keys):
    root = forger.signed_response(browser.answer())
    find(root, ".//saml:AttributeValue").text = EVE
    return root


def wrapped(browser, keys):
    root = forger.signed_assertion(browser.answer())
    good = forger.assertion_of(root)
    evil = evil_copy(root)
    root.replace(good, evil)
    evil.append(good)
    return root


def encrypted_unsigned(browser, keys):
    return forger.encrypt(browser.answer().tree(), keys["sp"])


def unknown_idp(browser, keys):
    idp = forger.Idp("https://unknown.example/idp", (keys["attacker"],))
    return forger.signed_response(Answer(idp, service_provider(), browser.request.get("ID")))


def no_request_named(browser, keys):
    return forger.signed_response(browser.answer(), before=put(".", "InResponseTo", None))


def comment_after_signing(browser, keys):
    """Canonicalisation leaves comments out: the signature holds, the identifier is cut in two."""
    attributes = {"eppn": ["alice@univ-a.example.evil.example"]}
    root = forger.signed_assertion(browser.answer(attributes=attributes))
    value = find(root, ".//saml:AttributeValue")
    value.text, rest = "alice@univ-a.example", ".evil.example"
    value.append(etree.Comment(""))
    value[0].tail = rest
    return root


@pytest.mark.parametrize(
    "forge",
    [
        unsigned,
        foreign_key,
        tampered,
        wrapped,
        encrypted_unsigned,
        unknown_idp,
        no_request_named,
        comment_after_signing,
    ],
    ids=lambda forge: forge.__name__,
)
def test_forged_response_is_refused(browser, rule, all_keys, forge):
    browser.begin(rule)
    response = browser.finish(forge(browser, all_keys))
    assert code_of(response) in ("refused", "stale")
    assert browser.person is None
    assert not User.objects.exists()
    assert not SamlSession.objects.exists()


def test_forged_response_keeps_existing_session(browser, rule, all_keys):
    browser.log_in(rule)
    alice = browser.person
    browser.begin(rule)
    browser.finish(foreign_key(browser, all_keys))
    assert browser.person == alice
    assert identity(alice) == ("alice@univ-a.example", "https://idp-a.example/idp")


def test_oversized_response_is_refused(browser, rule):
    browser.begin(rule)
    response = browser.post("A" * (5 << 20))
    assert response.status_code in (400, 403, 413)
    assert browser.person is None


def test_withdrawn_key_of_idp_is_refused(browser, rule, idp_a, all_keys):
    add_single_idp(replace(idp_a, keys=(all_keys["idp-a-new"],)).metadata().encode())
    browser.begin(rule)
    answer = forger.signed_assertion(browser.answer(), keys=all_keys["idp-a"])
    assert (code_of(browser.finish(answer)), browser.person) == ("refused", None)
    browser.begin(rule)
    browser.finish(forger.signed_assertion(browser.answer(), keys=all_keys["idp-a-new"]))
    assert browser.person

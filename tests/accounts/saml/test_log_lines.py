"""Text sent by an identity provider cannot forge log records."""

from dataclasses import replace

from accounts.saml.metadata.feeds import add_single_idp
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.logouts import logout_request, query, send
from tests.accounts.saml.journey import code_of
from tests.fixtures.log import FORGED, forged_lines

IN_AN_ATTRIBUTE = FORGED.replace("\n", "&#10;")


def test_status_cannot_forge_log_record(browser, rule, log):
    browser.begin(rule)
    answer = browser.answer(status=IN_AN_ATTRIBUTE)
    assert code_of(browser.finish(forger.signed_response(answer))) == "idp_error"
    assert "CRITICAL forged" in log.getvalue()
    assert forged_lines(log.getvalue()) == []
    assert browser.person is None


def test_subject_cannot_forge_log_record(browser, rule, log):
    """Whose answer is refused for what it does not release, by the names of what it does."""
    browser.begin(rule)
    answer = browser.answer(context=FORGED)
    rule.require_mfa = True
    rule.save()
    assert code_of(browser.finish(forger.signed_response(answer))) == "mfa"
    assert "CRITICAL forged" in log.getvalue()
    assert forged_lines(log.getvalue()) == []
    assert browser.person is None


def test_issuer_of_logout_cannot_forge_log_record(rule, idp_a, log):
    text = logout_request(idp_a, "alice").replace(idp_a.entity_id, f"urn:{FORGED}")
    assert code_of(send(query(text, idp_a.keys[0]))) == "idp_blocked"
    assert "CRITICAL forged" in log.getvalue()
    assert forged_lines(log.getvalue()) == []


def test_name_of_provider_cannot_forge_log_record(db, idp_a, log):
    add_single_idp(replace(idp_a, entity_id=IN_AN_ATTRIBUTE).metadata().encode())
    evil = replace(idp_a, entity_id=FORGED)
    send(query(logout_request(evil, "alice"), idp_a.keys[0]))
    assert "CRITICAL forged" in log.getvalue()
    assert forged_lines(log.getvalue()) == []

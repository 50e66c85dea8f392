"""Text sent by an OpenID Connect provider cannot forge log records."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.accounts.oidc.conftest import code_of
from tests.fixtures.log import FORGED, forged_lines

CALLBACK = "/accounts/oidc/keycloak/login/callback/"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"error": FORGED}, "provider_error"),
        ({"error": "server_error", "error_description": FORGED}, "provider_error"),
        ({"iss": FORGED, "code": "x"}, "refused"),
    ],
    ids=["error", "description", "issuer"],
)
def test_provider_error_cannot_forge_log_record(browser, rule, issuer, log, query, code):
    state = parse_qs(urlsplit(browser.begin()).query)["state"][0]
    response = browser.client.get(CALLBACK, {"iss": issuer.url, "state": state} | query)
    assert (code_of(response), browser.person) == (code, None)
    assert "CRITICAL forged" in log.getvalue()
    assert forged_lines(log.getvalue()) == []


def test_claim_cannot_forge_log_record(browser, rule, log):
    assert code_of(browser.log_in(azp=FORGED)) == "refused"
    assert "CRITICAL forged" in log.getvalue()
    assert forged_lines(log.getvalue()) == []


def test_state_cannot_forge_log_record(browser, rule, log):
    response = browser.client.get(CALLBACK, {"state": FORGED, "code": "x"})
    assert code_of(response) == "stale"
    assert "2026-01-01" in log.getvalue()
    assert forged_lines(log.getvalue()) == []

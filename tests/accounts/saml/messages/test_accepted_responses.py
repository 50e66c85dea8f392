"""Responses of conforming IdPs, in all variants, are accepted."""

from datetime import timedelta

import pytest

from accounts.logins.policy import REFEDS_MFA
from accounts.saml.messages.response import Expected, read_response
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.forger import Answer


def read(xml, sp, expected):
    return read_response(forger.post(xml), sp=sp, expected=expected)


def test_signed_assertion_is_accepted(sp, expected, answer):
    subject = read(forger.signed_assertion(answer), sp, expected)
    assert (subject.identifier_type, subject.identifier) == ("subject-id", "alice@univ-a.example")
    assert subject.issuer == "https://idp-a.example/idp"
    assert subject.affiliations == {"staff", "member"}
    assert subject.attributes["displayName"] == ("Alice Martin",)
    assert len(subject.uid) == 64


def test_signed_response_is_accepted(sp, expected, answer):
    assert read(forger.signed_response(answer), sp, expected).identifier == "alice@univ-a.example"


def test_signed_response_and_assertion_are_accepted(sp, expected, answer, all_keys):
    root = forger.signed_assertion(answer)
    root = forger.sign(root, root, all_keys["idp-a"])
    assert read(root, sp, expected).identifier == "alice@univ-a.example"


@pytest.mark.parametrize("cipher", ["aes128-gcm", "aes256-gcm", "aes128-cbc", "aes256-cbc"])
@pytest.mark.parametrize("key", ["sp", "sp-old"])
def test_encrypted_signed_assertion_is_accepted(sp, expected, answer, all_keys, cipher, key):
    root = forger.encrypt(forger.signed_assertion(answer), all_keys[key], cipher=cipher)
    assert read(root, sp, expected).identifier == "alice@univ-a.example"


@pytest.mark.parametrize("cipher", ["aes256-gcm", "aes256-cbc"])
def test_signed_response_with_encrypted_assertion_is_accepted(
    sp, expected, answer, all_keys, cipher
):
    root = forger.encrypt(answer.tree(), all_keys["sp"], cipher=cipher)
    root = forger.sign(root, root, all_keys["idp-a"])
    assert read(root, sp, expected).identifier == "alice@univ-a.example"


def test_new_key_of_idp_is_accepted(sp, expected, answer, all_keys):
    root = forger.signed_assertion(answer, keys=all_keys["idp-a-new"])
    assert read(root, sp, expected).identifier == "alice@univ-a.example"


@pytest.mark.parametrize("minutes", [-2, 2])
def test_clock_skew_of_two_minutes_is_accepted(sp, expected, idp_a, minutes):
    answer = Answer(idp_a, sp, "_request1", shift=timedelta(minutes=minutes))
    assert read(forger.signed_assertion(answer), sp, expected).identifier == "alice@univ-a.example"


def test_second_factor_is_read(sp, expected, idp_a):
    answer = Answer(idp_a, sp, "_request1", context=REFEDS_MFA)
    strict = Expected(expected.request_id, expected.idp, expected.declared_scopes, mfa=True)
    assert read(forger.signed_assertion(answer), sp, strict).assertion.authn_context == REFEDS_MFA


@pytest.mark.parametrize(
    ("attributes", "identifier"),
    [
        (
            {"pairwise-id": ["ABC=1@univ-a.example"], "eppn": ["alice@univ-a.example"]},
            ("pairwise-id", "abc=1@univ-a.example"),
        ),
        ({"unique": ["x1@univ-a.example"]}, ("eduPersonUniqueId", "x1@univ-a.example")),
        (
            {"eppn": ["Alice.Martin@Univ-A.example"]},
            ("eduPersonPrincipalName", "alice.martin@univ-a.example"),
        ),
        ({"mail": ["alice@univ-a.example"]}, ("persistent", "opaque-1")),
        (
            {"subject-id": ["eve@univ-b.example"], "eppn": ["eve@univ-a.example"]},
            ("eduPersonPrincipalName", "eve@univ-a.example"),
        ),
    ],
    ids=["pairwise-id", "unique", "eppn", "name-id", "the-first-that-counts"],
)
def test_identifier_is_first_valid_one(sp, expected, idp_a, attributes, identifier):
    answer = Answer(
        idp_a,
        sp,
        "_request1",
        attributes=attributes,
        name_id="opaque-1",
        name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    )
    subject = read(forger.signed_assertion(answer), sp, expected)
    assert (subject.identifier_type, subject.identifier) == identifier

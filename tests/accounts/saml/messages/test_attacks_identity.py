"""Identifiers that an IdP may not assert, or that identify no one."""

import pytest

from accounts.saml.errors import (
    NothingReleased,
)
from accounts.saml.messages.response import Expected
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.changes import find
from tests.accounts.saml.idps.forger import Answer


@pytest.mark.parametrize(
    "identifiers",
    [
        {"subject-id": ["alice@univ-b.example"]},
        {"subject-id": ["alice@univ-a.example.evil.example"]},
        {"subject-id": ["alice@evil.example@univ-a.example"]},
        {"eppn": ["alice@univ-a.example ", "bob@univ-a.example"]},
        {"eppn": ["alice"]},
        {"eppn": ["@univ-a.example"]},
        {"eppn": ["alice@"]},
        {"eppn": ["al ice@univ-a.example"]},
        {"mail": ["alice@univ-a.example"]},
        {"mail": ["alice@univ-a.example", "bob@univ-a.example"]},
        {"eduPersonPrincipalName": ["alice@univ-a.example"]},
        {},
    ],
    ids=[
        "another's scope",
        "longer scope",
        "two @",
        "two values",
        "no scope",
        "no name",
        "empty scope",
        "space",
        "mail only",
        "several mails",
        "not a URI name",
        "no attributes",
    ],
)
def test_invalid_identifiers_are_refused(sp, idp_a, refused, identifiers):
    answer = Answer(idp_a, sp, "_request1", attributes=identifiers)
    refused(forger.signed_assertion(answer), NothingReleased)


def test_scope_not_allowed_by_rule_is_refused(answer, refused, expected):
    narrow = Expected("_request1", expected.idp, expected.declared_scopes, ("lab.univ-a.example",))
    refused(forger.signed_assertion(answer), NothingReleased, expected=narrow)


def test_scope_not_declared_by_idp_is_refused(sp, idp_a, refused, expected):
    wide = Expected("_request1", expected.idp, expected.declared_scopes, ("univ-b.example",))
    answer = Answer(idp_a, sp, "_request1", attributes={"eppn": ["eve@univ-b.example"]})
    refused(forger.signed_assertion(answer), NothingReleased, expected=wide)


def test_persistent_name_id_of_another_idp_is_refused(sp, idp_a, refused):
    def change(root):
        find(root, ".//saml:NameID").set("NameQualifier", "https://idp-b.example/idp")

    answer = Answer(
        idp_a,
        sp,
        "_request1",
        attributes={},
        name_id="opaque",
        name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    )
    refused(forger.signed_assertion(answer, before=change), NothingReleased)

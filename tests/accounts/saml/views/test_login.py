"""A login from the first redirect to the session, over HTTP."""

import base64
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography import x509
from django.db import connection

from accounts.models import LoginRule, SamlSession
from accounts.saml import keys
from accounts.saml.metadata.feeds import add_single_idp
from accounts.saml.signatures.octets import is_signed
from people.models import User
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.forger import NS
from tests.accounts.saml.journey import Browser, identity
from tests.factories import OrganisationFactory, UserFactory


def test_request_conforms_to_saml2int(browser, rule):
    browser.begin(rule)
    request = browser.request
    assert request.get("AssertionConsumerServiceURL") == "https://rag.example/saml/acs/"
    assert request.find("samlp:NameIDPolicy", NS) is None
    query = parse_qs(urlsplit(browser.location).query)
    assert query["SigAlg"] == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    assert "RelayState" not in query


def test_first_login_creates_account(browser, rule):
    response = browser.log_in(rule)
    assert (response.status_code, response.url) == (302, "/")
    person = browser.person
    assert person.username == "alice@univ-a.example"
    assert identity(person) == ("alice@univ-a.example", "https://idp-a.example/idp")
    assert (person.email, person.institution_email) == ("", "alice@univ-a.example")
    assert not person.has_usable_password()
    assert not person.is_staff
    assert not person.is_superuser
    session = SamlSession.objects.get()
    assert (session.rule, session.user) == (rule, person)


def test_second_login_opens_same_account(browser, rule, idp_a):
    browser.log_in(rule)
    other = Browser(idp_a)
    other.log_in(rule)
    assert browser.person == other.person
    assert User.objects.count() == 1


def test_account_is_not_matched_by_address_or_name(browser, rule):
    UserFactory(username="alice@univ-a.example", email="alice@univ-a.example")
    browser.log_in(rule)
    assert browser.person.username != "alice@univ-a.example"
    assert User.objects.count() == 2


def test_same_name_at_another_idp_is_another_person(browser, rule, idp_b, university):
    """Two IdPs share a scope: the issuer is part of the identity."""
    shared = forger.Idp(idp_b.entity_id, idp_b.keys, scopes=("univ-a.example",))
    row = add_single_idp(shared.metadata().encode())
    other_rule = LoginRule.objects.create(organisation=university, identity_provider=row)
    browser.log_in(rule)
    other = Browser(shared)
    other.log_in(other_rule)
    assert browser.person != other.person
    assert identity(other.person)[1] == idp_b.entity_id


def test_person_may_belong_to_two_organisations(browser, rule, idp_a):
    """The tenant is the request's; the person is the same."""
    elsewhere = LoginRule.objects.create(
        organisation=OrganisationFactory(), identity_provider=rule.identity_provider
    )
    browser.log_in(rule)
    other = Browser(idp_a)
    other.log_in(elsewhere)
    assert browser.person == other.person
    assert set(SamlSession.objects.values_list("rule", flat=True)) == {rule.pk, elsewhere.pk}


def test_session_ends_at_session_not_on_or_after(browser, rule):
    ends = datetime.now(UTC) + timedelta(minutes=30)
    browser.begin(rule)

    def change(root):
        statement = root.find(".//saml:AuthnStatement", NS)
        statement.set("SessionNotOnOrAfter", ends.strftime("%Y-%m-%dT%H:%M:%SZ"))

    browser.finish(forger.signed_assertion(browser.answer(), before=change))
    assert browser.person
    assert abs(browser.client.session.get_expiry_date() - ends) < timedelta(seconds=5)


def signed_by(location, certificate):
    """Whether the key of ``certificate`` signed the query of a redirection."""
    query = urlsplit(location).query
    signed, _separator, signature = query.partition("&Signature=")
    key = x509.load_pem_x509_certificate(certificate.read_bytes())
    return is_signed(
        signed.encode(),
        signature=base64.b64decode(unquote(signature)),
        method="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        keys=[key.public_key()],
    )


def test_promoted_key_signs_at_once(browser, rule, all_keys):
    """In processes that were running already; what is encrypted to the old one is still read."""
    browser.begin(rule)
    assert signed_by(browser.location, all_keys["sp"].certificate)
    pair = keys.generate("next")
    shutil.copy(pair.certificate, pair.certificate.with_suffix(".copy"))
    keys.promote()
    browser.begin(rule)
    assert signed_by(browser.location, pair.certificate.with_suffix(".copy"))
    xml = forger.encrypt(forger.signed_assertion(browser.answer()), all_keys["sp"])
    browser.finish(xml)
    assert browser.person


@pytest.mark.django_db(transaction=True)
def test_concurrent_first_logins_of_same_name_create_two_accounts(rule, idp_a, idp_b):
    """The same identifier at two IdPs; both accounts want the same name."""
    other_idp = replace(idp_b, scopes=idp_a.scopes)
    row = add_single_idp(other_idp.metadata().encode())
    other_rule = LoginRule.objects.create(organisation=rule.organisation, identity_provider=row)
    logins = []
    for idp, its_rule in ((idp_a, rule), (other_idp, other_rule)):
        browser = Browser(idp)
        browser.begin(its_rule)
        logins.append((browser, forger.signed_assertion(browser.answer())))

    def finish(login):
        browser, xml = login
        status = browser.finish(xml).status_code
        connection.close()
        return status

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(finish, logins)) == [302, 302]
    assert {identity(user)[1] for user in User.objects.all()} == {idp_a.entity_id, idp_b.entity_id}
    assert len(set(User.objects.values_list("username", flat=True))) == 2

"""A login from discovery to session, over HTTP; what an attacker does with its steps.

Every refusal asserts who is logged in afterwards: nobody, or whoever was before.
"""

import base64
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from accounts.models import LoginRule, SamlRequest, SamlSession, User
from accounts.saml.feeds import add_single_idp
from accounts.saml.keys import service_provider
from accounts.saml.responses import MFA
from accounts.saml.sessions import end_sessions
from tests.accounts.saml import forger
from tests.accounts.saml.forger import NS, Answer
from tests.factories import InstanceFactory, OrganisationFactory, UserFactory

ZOE = {"eppn": ["zoe@univ-a.example"]}


@pytest.fixture
def university(db):
    return OrganisationFactory(slug="univ-a", name="Université A")


@pytest.fixture
def provider(idp_a):
    def make():
        return add_single_idp(idp_a.metadata().encode())

    return make


@pytest.fixture
def rule(university, provider):
    return LoginRule.objects.create(organisation=university, identity_provider=provider())


def test_the_login_page_offers_institutions_where_a_rule_lets_one_in(client, provider, university):
    page = client.get(reverse("account_login"))
    assert "login-institution" not in page.content.decode()
    rule = LoginRule.objects.create(organisation=university, identity_provider=provider())
    assert 'href="/saml/"' in client.get(reverse("account_login")).content.decode()
    LoginRule.objects.filter(pk=rule.pk).update(is_enabled=False)
    assert "login-institution" not in client.get(reverse("account_login")).content.decode()


class Browser:
    """A browser that goes through a login; ``answer`` is what the IdP would post."""

    def __init__(self, idp):
        self.client = Client()
        self.idp = idp

    def begin(self, rule, **query):
        url = reverse("saml:login", args=[rule.identity_provider_id])
        response = self.client.get(url, {"organisation": rule.organisation.slug, **query})
        assert response.status_code == 302, response.content
        self.location = response.url
        self.request = request_of(response.url)
        return self.request.get("ID")

    def answer(self, request_id=None, **changes):
        return Answer(self.idp, service_provider(), request_id or self.request.get("ID"), **changes)

    def post(self, xml):
        """Post without cookies, as a cross-site POST; return where the browser is sent."""
        encoded = xml if isinstance(xml, str) else forger.post(xml)
        return Client().post(
            "/saml/acs/", {"SAMLResponse": encoded, "RelayState": "https://evil.example/"}
        )

    def finish(self, xml):
        response = self.post(xml)
        return self.client.get(response.url) if response.status_code == 302 else response

    def log_in(self, rule, **changes):
        self.begin(rule)
        return self.finish(forger.signed_assertion(self.answer(**changes)))

    @property
    def person(self):
        user = get_user(self.client)
        return user if user.is_authenticated else None


def request_of(url):
    message = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
    return etree.fromstring(zlib.decompress(base64.b64decode(message), -15))


def code_of(response):
    """The failure's code on its page."""
    text = response.content.decode()
    assert "data-code=" in text, (response.status_code, text[:500])
    return text.partition('data-code="')[2].partition('"')[0]


@pytest.fixture
def browser(idp_a):
    return Browser(idp_a)


def identity(user):
    account = SocialAccount.objects.get(user=user)
    return account.extra_data["identifier"], account.extra_data["issuer"]


def test_the_request_is_what_federations_expect(browser, rule):
    browser.begin(rule)
    request = browser.request
    assert request.get("AssertionConsumerServiceURL") == "https://rag.example/saml/acs/"
    assert request.find("samlp:NameIDPolicy", NS) is None
    query = parse_qs(urlsplit(browser.location).query)
    assert query["SigAlg"] == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    assert "RelayState" not in query


def test_a_first_login_makes_an_account(browser, rule):
    response = browser.log_in(rule)
    assert (response.status_code, response.url) == (302, "/")
    person = browser.person
    assert person.username == "alice@univ-a.example"
    assert identity(person) == ("alice@univ-a.example", "https://idp-a.example/idp")
    assert person.email == ""
    assert not person.has_usable_password()
    assert not person.is_staff
    assert not person.is_superuser
    session = SamlSession.objects.get()
    assert (session.rule, session.user) == (rule, person)


def test_a_second_login_is_the_same_person(browser, rule, idp_a):
    browser.log_in(rule)
    other = Browser(idp_a)
    other.log_in(rule)
    assert browser.person == other.person
    assert User.objects.count() == 1


def test_no_account_is_joined_by_its_address_or_name(browser, rule):
    UserFactory(username="alice@univ-a.example", email="alice@univ-a.example")
    browser.log_in(rule)
    assert browser.person.username != "alice@univ-a.example"
    assert User.objects.count() == 2


def test_the_same_name_at_another_idp_is_another_person(browser, rule, idp_b, university):
    """Two IdPs share a scope: the issuer is part of the identity."""
    shared = forger.Idp(idp_b.entity_id, idp_b.keys, scopes=("univ-a.example",))
    row = add_single_idp(shared.metadata().encode())
    other_rule = LoginRule.objects.create(organisation=university, identity_provider=row)
    browser.log_in(rule)
    other = Browser(shared)
    other.log_in(other_rule)
    assert browser.person != other.person
    assert identity(other.person)[1] == idp_b.entity_id


def test_one_person_in_two_organisations(browser, rule, idp_a):
    """The tenant is the request's; the person is the same."""
    elsewhere = LoginRule.objects.create(
        organisation=OrganisationFactory(), identity_provider=rule.identity_provider
    )
    browser.log_in(rule)
    other = Browser(idp_a)
    other.log_in(elsewhere)
    assert browser.person == other.person
    assert set(SamlSession.objects.values_list("rule", flat=True)) == {rule.pk, elsewhere.pk}


def test_next_is_kept_here_and_relay_state_ignored(browser, rule):
    browser.begin(rule, next="/i/law/")
    assert browser.finish(forger.signed_assertion(browser.answer())).url == "/i/law/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_next_stays_on_this_site(browser, rule, target):
    browser.begin(rule, next=target)
    assert browser.finish(forger.signed_assertion(browser.answer())).url == "/"


def test_the_session_ends_when_the_idp_says(browser, rule):
    ends = datetime.now(UTC) + timedelta(minutes=30)
    browser.begin(rule)

    def change(root):
        statement = root.find(".//saml:AuthnStatement", NS)
        statement.set("SessionNotOnOrAfter", ends.strftime("%Y-%m-%dT%H:%M:%SZ"))

    browser.finish(forger.signed_assertion(browser.answer(), before=change))
    assert browser.person
    assert abs(browser.client.session.get_expiry_date() - ends) < timedelta(seconds=5)


def test_a_host_header_changes_nothing(browser, rule, settings):
    settings.ALLOWED_HOSTS = ["*"]
    url = reverse("saml:login", args=[rule.identity_provider_id])
    response = browser.client.get(url, headers={"host": "evil.example"})
    request = request_of(response.url)
    assert request.get("AssertionConsumerServiceURL") == "https://rag.example/saml/acs/"
    assert b"evil.example" not in etree.tostring(request)


# --- Refusals -------------------------------------------------------------------------------------


def test_unsolicited(browser, rule):
    response = browser.finish(forger.signed_assertion(browser.answer("_never_sent")))
    assert (code_of(response), browser.person) == ("stale", None)


def test_the_answer_of_another_idp(browser, rule, idp_b):
    """B answers a request that went to A, with B's own good signature."""
    add_single_idp(idp_b.metadata().encode())
    request_id = browser.begin(rule)
    answer = Answer(
        idp_b, service_provider(), request_id, attributes={"eppn": ["alice@univ-a.example"]}
    )
    response = browser.finish(forger.signed_assertion(answer))
    assert (code_of(response), browser.person, User.objects.count()) == ("refused", None, 0)


@pytest.mark.parametrize("same", [True, False], ids=["same-browser", "another-browser"])
def test_replay(browser, rule, idp_a, same):
    browser.begin(rule)
    xml = forger.signed_assertion(browser.answer())
    browser.finish(xml)
    thief = browser if same else Browser(idp_a)
    before = thief.person
    response = thief.finish(xml)
    assert code_of(response) == ("used" if same else "cookie")
    assert thief.person == before


def test_an_assertion_in_a_second_response(browser, rule, idp_a, monkeypatch):
    """The same assertion id for another request of the same browser."""
    browser.begin(rule)
    first = forger.signed_assertion(
        browser.answer(), before=lambda root: forger.assertion_of(root).set("ID", "_same")
    )
    browser.finish(first)
    browser.client.logout()
    browser.begin(rule)
    second = forger.signed_assertion(
        browser.answer(), before=lambda root: forger.assertion_of(root).set("ID", "_same")
    )
    assert (code_of(browser.finish(second)), browser.person) == ("refused", None)


def test_login_csrf(browser, rule, idp_a):
    """The attacker's own answer, posted by the victim's browser."""
    attacker = Browser(idp_a)
    attacker.begin(rule)
    attacker_answer = forger.signed_assertion(attacker.answer())
    browser.begin(rule)
    response = browser.finish(attacker_answer)
    assert (code_of(response), browser.person) == ("cookie", None)


def test_a_blocked_cookie(browser, rule):
    browser.begin(rule)
    browser.client.cookies.clear()
    response = browser.finish(forger.signed_assertion(browser.answer()))
    assert (code_of(response), browser.person) == ("cookie", None)


def test_the_token_works_once(browser, rule):
    browser.begin(rule)
    url = browser.post(forger.signed_assertion(browser.answer())).url
    browser.client.get(url)
    assert code_of(browser.client.get(url)) == "used"
    assert browser.person


def test_a_login_that_took_too_long(browser, rule):
    browser.begin(rule)
    SamlRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = browser.finish(forger.signed_assertion(browser.answer()))
    assert (code_of(response), browser.person) == ("stale", None)


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        (
            {"eppn": ["zoe@univ-a.example"], "affiliation": ["student@univ-a.example"]},
            "affiliation",
        ),
        ({"eppn": ["zoe@univ-a.example"], "affiliation": ["member@univ-a.example"]}, "affiliation"),
        ({"eppn": ["zoe@univ-a.example"], "affiliation": ["staff@univ-b.example"]}, "affiliation"),
        ({"eppn": ["zoe@univ-a.example"]}, "affiliation"),
        ({"affiliation": ["staff@univ-a.example"]}, "nothing_released"),
        ({}, "nothing_released"),
    ],
    ids=["student", "member", "another's scope", "none", "no identifier", "nothing"],
)
def test_people_who_may_not_enter(browser, rule, attributes, code):
    response = browser.log_in(rule, attributes=attributes)
    assert (code_of(response), browser.person, User.objects.count()) == (code, None, 0)


def test_a_required_value(browser, rule, idp_a):
    rule.required = {"eduPersonEntitlement": ["urn:x:rag"]}
    rule.save()
    attributes = {"eppn": ["a@univ-a.example"], "affiliation": ["staff@univ-a.example"]}
    assert code_of(browser.log_in(rule, attributes=attributes)) == "not_invited"
    browser.log_in(rule, attributes=attributes | {"entitlement": ["urn:x:rag"]})
    assert browser.person.username == "a@univ-a.example"


def test_rights_are_re_evaluated_at_each_login(browser, rule, idp_a):
    browser.log_in(rule)
    later = Browser(idp_a)
    attributes = {
        "subject-id": ["alice@univ-a.example"],
        "affiliation": ["student@univ-a.example"],
    }
    assert code_of(later.log_in(rule, attributes=attributes)) == "affiliation"
    assert later.person is None


def test_a_second_factor_is_asked_for_and_checked(browser, rule):
    rule.require_mfa = True
    rule.save()
    browser.begin(rule)
    (asked,) = browser.request.iter(f"{{{forger.SAML}}}AuthnContextClassRef")
    assert asked.text == MFA
    response = browser.finish(forger.signed_assertion(browser.answer()))
    assert (code_of(response), browser.person) == ("mfa", None)
    browser.log_in(rule, context=MFA)
    assert browser.person


def test_a_disabled_person(browser, rule, idp_a):
    browser.log_in(rule)
    User.objects.update(is_active=False)
    other = Browser(idp_a)
    other.log_in(rule)
    assert other.person is None


@pytest.mark.parametrize("when", ["before", "during"])
@pytest.mark.parametrize("what", ["idp", "gone", "rule"])
def test_switched_off(browser, rule, when, what):
    def switch_off():
        if what == "rule":
            LoginRule.objects.update(is_enabled=False)
        else:
            provider = rule.identity_provider
            provider.is_enabled, provider.gone_at = what != "idp", None
            if what == "gone":
                provider.gone_at = timezone.now()
            provider.save()

    if when == "during":
        browser.begin(rule)
        switch_off()
        response = browser.finish(forger.signed_assertion(browser.answer()))
    else:
        switch_off()
        response = browser.client.get(reverse("saml:login", args=[rule.identity_provider_id]))
    assert (code_of(response), browser.person) == ("idp_blocked", None)


def test_ended_sessions_are_over(browser, rule):
    browser.log_in(rule)
    assert browser.person
    assert end_sessions(identity_provider=rule.identity_provider) == 1
    assert browser.person is None


def test_an_idp_of_another_organisation(browser, rule):
    OrganisationFactory(slug="univ-b")
    url = reverse("saml:login", args=[rule.identity_provider_id])
    response = browser.client.get(url, {"organisation": "univ-b"})
    assert code_of(response) == "idp_blocked"


def test_an_instance_has_its_own_rules_and_its_organisations(rule, university, client, idp_b):
    instance = InstanceFactory(organisation=university, slug="lab")
    row = add_single_idp(idp_b.metadata().encode())
    LoginRule.objects.create(organisation=university, instance=instance, identity_provider=row)
    names = lambda **query: [  # noqa: E731
        choice["name"] for choice in client.get("/saml/", query).context["choices"]
    ]
    assert names(instance="lab") == ["Université A", "Université B"]
    assert names(organisation="univ-a") == ["Université A"]
    assert names(organisation="nobody") == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("universite a", 1),
        ("UNIVERSITÉ", 1),
        ("univ-a.example", 1),
        ("x@univ-a.example", 1),
        ("z", 0),
    ],
)
def test_discovery_search(rule, client, search, found):
    response = client.get("/saml/", {"q": search, "next": "/i/law/"})
    assert len(response.context["choices"]) == found
    if found:
        assert "next=%2Fi%2Flaw%2F" in response.content.decode()


def test_hidden_idps_are_not_offered(rule, client):
    rule.identity_provider.is_hidden = True
    rule.identity_provider.save()
    assert client.get("/saml/").context["choices"] == []


def test_the_last_choice_comes_first(browser, rule):
    browser.begin(rule)
    assert browser.client.get("/saml/").context["choices"][0]["last"]


def test_our_metadata(client, all_keys):
    response = client.get("/saml/metadata")
    root = etree.fromstring(response.content)
    assert root.get("entityID") == "https://rag.example/saml/metadata"
    assert all_keys["sp"].base64 in response.content.decode()
    assert all_keys["sp-old"].base64 not in response.content.decode()
    algorithms = [element.get("Algorithm") for element in root.iter() if element.get("Algorithm")]
    assert algorithms
    assert not [name for name in algorithms if "md5" in name or "sha1" in name]


def test_without_keys(client, settings, tmp_path, rule):
    settings.SAML_KEYS_DIR = tmp_path / "none"
    assert code_of(client.get("/saml/metadata")) == "unavailable"
    response = client.get(reverse("saml:login", args=[rule.identity_provider_id]))
    assert code_of(response) == "unavailable"


@pytest.mark.django_db(transaction=True)
def test_one_answer_posted_twice_at_once(browser, rule):
    browser.begin(rule)
    xml = forger.post(forger.signed_assertion(browser.answer()))
    urls = [browser.post(xml).url for _ in range(2)]

    def finish(url):
        client = Client()
        client.cookies = browser.client.cookies.copy()
        response = client.get(url)
        connection.close()
        return response.status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(finish, urls)) == [302, 400]
    assert User.objects.count() == SamlSession.objects.count() == 1

"""A browser that goes through a login by a forged identity provider."""

import base64
import zlib
from urllib.parse import parse_qs, urlsplit

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse
from lxml import etree

from accounts.saml.service_provider import service_provider
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.forger import Answer


class Browser:
    """``begin`` a login, then ``finish`` it with what the IdP would post: an ``answer``."""

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


def identity(user):
    account = SocialAccount.objects.get(user=user)
    return account.extra_data["identifier"], account.extra_data["issuer"]

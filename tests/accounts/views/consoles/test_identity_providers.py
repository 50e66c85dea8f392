"""Operators search, add, disable and remove SAML identity providers; set-up of this site."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import IdentityProvider
from accounts.saml.certificates import read_metadata
from accounts.saml.metadata.feeds import refresh_feed
from tests.accounts.saml.conftest import *  # noqa: F403 (forged IdPs and their feed)
from tests.accounts.views.consoles.conftest import actions, url
from tests.factories import OrganisationFactory


def upload(text):
    return {"metadata": SimpleUploadedFile("idp.xml", text.encode())}


def test_operator_adds_checks_and_disables_provider(console, idp_a, our_keys):
    assert "No institution yet" in console.get(url("identity_providers")).text
    page_url = console.post(url("identity_provider_add"), upload(idp_a.metadata())).url
    provider = IdentityProvider.objects.get()
    page = console.get(page_url)
    assert [problem[:29] for problem in page.context["problems"]] == [
        "No enabled login rule admits "
    ]
    assert read_metadata(idp_a.metadata())[0].sha256 in page.text
    assert f"https://rag.example/saml/login/{provider.pk}/" in page.text

    provider.rules.create(organisation=OrganisationFactory(name="Université A"))
    page = console.get(page_url)
    assert page.context["problems"] == []
    assert "Université A" in page.text
    console.post(url("identity_provider_switch", provider.pk), {"is_enabled": "no"})
    assert console.get(page_url).context["problems"][0] == "It is disabled."
    console.post(url("identity_provider_switch", provider.pk), {"is_enabled": "yes"})
    console.post(url("identity_provider_remove", provider.pk))
    assert not IdentityProvider.objects.exists()
    assert actions() == ["login_source.changed"] * 4


def test_providers_of_feeds_are_searched_and_cannot_be_removed(
    console, feed, publish, idp_a, idp_b, provider
):
    """``provider``: the IdP that the operator added, which the feed does not replace."""
    publish([idp_a, idp_b])
    refresh_feed(feed)

    def found(**query):
        page = console.get(url("identity_providers"), query).context["page"]
        return [one.entity_id for one in page]

    assert found(q="UNIVERSITE b") == [idp_b.entity_id]
    assert found(q="univ-a.example") == [idp_a.entity_id]
    assert found(feed=feed.pk) == [idp_b.entity_id]
    assert found(kind="allowed") == []
    of_feed = IdentityProvider.objects.get(feed=feed)
    assert console.post(url("identity_provider_remove", of_feed.pk)).status_code == 404


@pytest.mark.parametrize("text", ["no XML", "<a/>", ""], ids=["no XML", "other", "empty"])
def test_unusable_metadata_is_refused(console, text):
    answer = console.post(url("identity_provider_add"), upload(text))
    assert answer.context["form"].errors.keys() == {"metadata"}
    assert not IdentityProvider.objects.exists()


def test_set_up_of_this_site_is_shown(console, settings):
    settings.SUPPORT_CONTACT = ""
    page = console.get(url("service_provider"))
    assert "https://rag.example/saml/metadata" in page.text
    assert "SUPPORT_CONTACT is empty" in page.text
    assert [label for label, _certificates in page.context["keys"]] == [
        "Signs, and decrypts",
        "Former key, which still decrypts",
    ]

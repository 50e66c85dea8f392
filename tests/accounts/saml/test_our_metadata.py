"""What federations read about us."""

from django.urls import reverse
from lxml import etree

from tests.accounts.saml.journey import code_of


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

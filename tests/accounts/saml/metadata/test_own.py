"""Our own metadata, as SAML metadata 2.0 and REFEDS require."""

from importlib.resources import files
from pathlib import Path

import pytest
from django.urls import reverse
from lxml import etree

from accounts.saml import keys
from accounts.saml.metadata.own import our_metadata
from tests.accounts.saml.journey import code_of

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
MDUI = "{urn:oasis:names:tc:SAML:metadata:ui}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
CODE_OF_CONDUCT = "https://refeds.org/category/code-of-conduct/v2"


@pytest.fixture
def complete(settings):
    """An operator who has filled in everything."""
    settings.SAML_PRIVACY_URL = "https://rag.example/privacy"
    settings.SAML_LOGO_URL = "https://rag.example/logo.png"
    settings.SAML_TECHNICAL_CONTACT = "tech@rag.example"
    settings.SAML_SECURITY_CONTACT = "cert@rag.example"
    settings.SAML_ORGANISATION_NAME = "Fédération"


def texts(root, name):
    return [element.text for element in root.iter(name)]


def entity_attributes(root):
    return {
        attribute.get("Name").rpartition("/")[2]: texts(attribute, f"{SAML}AttributeValue")
        for attribute in root.find(f"{MD}Extensions").iter(f"{SAML}Attribute")
    }


def test_metadata_has_names_and_algorithms(client, all_keys):
    response = client.get("/saml/metadata")
    root = etree.fromstring(response.content)
    assert root.get("entityID") == "https://rag.example/saml/metadata"
    assert all_keys["sp"].base64 in response.content.decode()
    assert all_keys["sp-old"].base64 not in response.content.decode()
    algorithms = [element.get("Algorithm") for element in root.iter() if element.get("Algorithm")]
    assert algorithms
    assert not [name for name in algorithms if "md5" in name or "sha1" in name]


def test_metadata_meets_refeds_requirements(complete):
    root = etree.fromstring(our_metadata())
    attributes = entity_attributes(root)
    assert attributes["entity-category"] == [
        "https://refeds.org/category/personalized",
        CODE_OF_CONDUCT,
    ]
    assert attributes["urn:oasis:names:tc:SAML:profiles:subject-id:req"] == ["subject-id"]
    assert attributes["urn:oasis:names:tc:SAML:attribute:assurance-certification"] == [
        "https://refeds.org/sirtfi",
        "https://refeds.org/sirtfi2",
    ]
    for name in ("DisplayName", "Description", "InformationURL", "PrivacyStatementURL"):
        languages = {element.get(LANG) for element in root.iter(f"{MDUI}{name}")}
        assert languages == {"fr", "en"}, name
    assert texts(root, f"{MDUI}Logo") == ["https://rag.example/logo.png"]
    contacts = {each.get("contactType") for each in root.iter(f"{MD}ContactPerson")}
    assert contacts == {"technical", "support", "other"}
    assert "mailto:cert@rag.example" in texts(root, f"{MD}EmailAddress")
    requested = {each.get("FriendlyName") for each in root.iter(f"{MD}RequestedAttribute")}
    assert {"eduPersonScopedAffiliation", "eduPersonPrincipalName", "mail"} <= requested


def test_metadata_declares_only_configured_contacts():
    attributes = entity_attributes(etree.fromstring(our_metadata()))
    assert CODE_OF_CONDUCT not in attributes["entity-category"]
    assert not [name for name in attributes if "assurance" in name]


def test_next_key_is_published_with_current_one(complete):
    keys.generate("next")
    root = etree.fromstring(our_metadata())
    uses = [each.get("use") for each in root.iter(f"{MD}KeyDescriptor")]
    assert sorted(uses) == ["encryption", "encryption", "signing", "signing"]


def test_metadata_is_valid(complete):
    """By the schemas of OASIS, which pysaml2 brings."""
    import saml2.data.schemas
    from saml2.xml.schema import _create_xml_schema_validator, validate

    schema = Path(str(files(saml2.data.schemas) / "saml-schema-metadata-2.0.xsd"))
    validate(our_metadata().decode(), _create_xml_schema_validator(str(schema)))


def test_without_keys_metadata_is_unavailable(client, settings, tmp_path, rule):
    settings.SAML_KEYS_DIR = tmp_path / "none"
    assert code_of(client.get("/saml/metadata")) == "unavailable"
    response = client.get(reverse("saml:login", args=[rule.identity_provider_id]))
    assert code_of(response) == "unavailable"

"""Our own metadata, as federations expect it (saml2int 2.0, REFEDS).

Written here and not by pysaml2, which advertises MD5 and SHA-1.
"""

from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from lxml import etree
from lxml.builder import ElementMaker

from accounts.saml.keys import PUBLISHED, KeyPair, key_pairs
from accounts.saml.messages.attributes import NAMES
from accounts.saml.service_provider import service_provider
from accounts.saml.xml import DS, MD, MDATTR, MDUI, SAML, SAMLP, tag

PERSONALIZED: Final = "https://refeds.org/category/personalized"
CODE_OF_CONDUCT: Final = "https://refeds.org/category/code-of-conduct/v2"
SIRTFI: Final = ("https://refeds.org/sirtfi", "https://refeds.org/sirtfi2")
_CIPHERS: Final = (
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
)
_REQUIRED: Final = ("subject-id", "eduPersonPrincipalName", "eduPersonScopedAffiliation")
_OPTIONAL: Final = ("displayName", "givenName", "sn", "mail")
_URI: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_BINDINGS: Final = "urn:oasis:names:tc:SAML:2.0:bindings"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_REMD: Final = "http://refeds.org/metadata"
_SPACES: Final = {
    "md": MD, "ds": DS, "mdui": MDUI, "mdattr": MDATTR, "saml": SAML, "remd": _REMD
}  # fmt: skip
md, ds, mdui, mdattr, saml = (
    ElementMaker(namespace=space, nsmap=_SPACES) for space in (MD, DS, MDUI, MDATTR, SAML)
)


def our_metadata() -> bytes:
    """Return our EntityDescriptor. Raises KeysMissing."""
    sp = service_provider()
    role = md.SPSSODescriptor(
        md.Extensions(_ui_info()),
        *(_key(pair, use) for pair in key_pairs(PUBLISHED) for use in ("signing", "encryption")),
        md.SingleLogoutService(Binding=f"{_BINDINGS}:HTTP-Redirect", Location=sp.slo_url),
        md.AssertionConsumerService(
            Binding=f"{_BINDINGS}:HTTP-POST", Location=sp.acs_url, index="0", isDefault="true"
        ),
        _attributes(),
        protocolSupportEnumeration=SAMLP,
        AuthnRequestsSigned="true",
    )
    entity = md.EntityDescriptor(
        md.Extensions(_entity_attributes()),
        role,
        _organisation(),
        *_contacts(),
        entityID=sp.entity_id,
    )
    xml = etree.tostring(entity, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return bytes(xml)


def _entity_attributes() -> etree._Element:
    # The code of conduct asks for a privacy statement, Sirtfi for a security contact.
    categories = (PERSONALIZED, CODE_OF_CONDUCT) if settings.SAML_PRIVACY_URL else (PERSONALIZED,)
    values = {
        "http://macedir.org/entity-category": categories,
        "urn:oasis:names:tc:SAML:profiles:subject-id:req": ("subject-id",),
    }
    if settings.SAML_SECURITY_CONTACT:
        values["urn:oasis:names:tc:SAML:attribute:assurance-certification"] = SIRTFI
    return mdattr.EntityAttributes(
        *(
            saml.Attribute(*map(saml.AttributeValue, each), Name=name, NameFormat=_URI)
            for name, each in values.items()
        )
    )


def _ui_info() -> etree._Element:
    info = mdui.UIInfo()
    for language, _name in settings.LANGUAGES:
        info.append(mdui.DisplayName(settings.SITE_NAME, {_LANG: language}))
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            text = gettext("Answers drawn from your documents, each one with its source.")
        info.append(mdui.Description(text, {_LANG: language}))
    for language, _name in settings.LANGUAGES:
        info.append(mdui.InformationURL(settings.SITE_URL + "/", {_LANG: language}))
    if settings.SAML_PRIVACY_URL:
        for language, _name in settings.LANGUAGES:
            info.append(mdui.PrivacyStatementURL(settings.SAML_PRIVACY_URL, {_LANG: language}))
    if settings.SAML_LOGO_URL:
        info.append(mdui.Logo(settings.SAML_LOGO_URL, height="64", width="64"))
    return info


def _key(pair: KeyPair, use: str) -> etree._Element:
    certificate = "".join(pair.certificate.read_text().splitlines()[1:-1])
    methods = _CIPHERS if use == "encryption" else ()
    return md.KeyDescriptor(
        ds.KeyInfo(ds.X509Data(ds.X509Certificate(certificate))),
        *(md.EncryptionMethod(Algorithm=method) for method in methods),
        use=use,
    )


def _attributes() -> etree._Element:
    by_short_name = {short: name for name, short in NAMES.items()}
    return md.AttributeConsumingService(
        md.ServiceName(settings.SITE_NAME, {_LANG: "en"}),
        *(
            md.RequestedAttribute(
                Name=by_short_name[short],
                NameFormat=_URI,
                FriendlyName=short,
                isRequired="true" if short in _REQUIRED else "false",
            )
            for short in (*_REQUIRED, *_OPTIONAL)
        ),
        index="0",
    )


def _organisation() -> etree._Element:
    return md.Organization(
        md.OrganizationName(settings.SAML_ORGANISATION_NAME, {_LANG: "en"}),
        md.OrganizationDisplayName(settings.SAML_ORGANISATION_NAME, {_LANG: "en"}),
        md.OrganizationURL(settings.SAML_ORGANISATION_URL, {_LANG: "en"}),
    )


def _contacts() -> list[etree._Element]:
    contacts = []
    for kind in ("technical", "support"):
        if settings.SAML_TECHNICAL_CONTACT:
            contacts.append(_contact(settings.SAML_TECHNICAL_CONTACT, contactType=kind))
    if settings.SAML_SECURITY_CONTACT:
        security = _contact(settings.SAML_SECURITY_CONTACT, contactType="other")
        security.set(tag(_REMD, "contactType"), "http://refeds.org/metadata/contactType/security")
        contacts.append(security)
    return contacts


def _contact(address: str, **attributes: str) -> etree._Element:
    return md.ContactPerson(
        md.GivenName(settings.SAML_ORGANISATION_NAME),
        md.EmailAddress(f"mailto:{address}"),
        **attributes,
    )

"""Verify and read signed aggregates of thousands of entities, streaming.

    file ─▶ verify_aggregate (signed_files; validUntil) ─▶ canonical file ─▶ read_idps ─▶ IdpRecord

Of each entity only its IdP roles are kept, since keys of SP roles are not IdP keys.
"""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone
from lxml import etree

from accounts.saml.errors import MetadataRefused, ResponseRefused
from accounts.saml.messages.times import read_time
from accounts.saml.signatures.files import ROOTS, verify_file
from accounts.saml.signatures.octets import public_keys
from accounts.saml.xml import MD, MDATTR, MDRPI, MDUI, SAML, SAMLP, SHIBMD, tag

MAX_VALIDITY = timedelta(days=14)
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_HIDE = "http://refeds.org/category/hide-from-discovery"
_IDP_ROLE = tag(MD, "IDPSSODescriptor")
_KEPT = {tag(MD, "Extensions"), _IDP_ROLE, tag(MD, "Organization"), tag(MD, "ContactPerson")}
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MAX_TEXT = 500


@dataclass(frozen=True)
class IdpRecord:
    """One IdP of an aggregate; ``xml`` is its descriptor with IdP roles only."""

    entity_id: str
    xml: str
    names: dict[str, str]
    keywords: str
    scopes: tuple[str, ...]
    logo_url: str
    registration_authority: str
    error_url: str
    sso_url: str
    slo_url: str
    hidden: bool


def verify_aggregate(path: Path, canonical: Path, certificates: list[str]) -> datetime:
    """Verify a downloaded feed, write its signed contents to ``canonical``, return its validUntil.

    One of the pinned PEM ``certificates`` must verify the signature of the root. Raises
    MetadataRefused if the feed is truncated, has a DOCTYPE, is unsigned or signed with another key,
    is expired, or is valid without end or for more than a fortnight (old copies could be replayed).
    """
    keys = public_keys(ssl.PEM_cert_to_DER_cert(each) for each in certificates)
    if not keys:
        raise MetadataRefused("no certificate is pinned")
    verify_file(path, canonical, keys)
    _event, root = next(_events(canonical, *ROOTS, start=True))
    return _valid_until(root)


def read_idps(path: Path) -> Iterator[IdpRecord]:
    """Stream the IdPs of a canonical file that offer a login by HTTP-Redirect.

    Raises MetadataRefused for a duplicate entity ID.
    """
    seen: set[str] = set()
    for _event, element in _events(path, tag(MD, "EntityDescriptor")):
        if element.find(_IDP_ROLE) is not None:
            record = read_idp(element)
            if record.entity_id in seen:
                raise MetadataRefused(f"twice: {record.entity_id}")
            seen.add(record.entity_id)
            if record.sso_url:
                yield record
        _free(element)


def read_idp(entity: etree._Element) -> IdpRecord:
    """Return the record of one EntityDescriptor that has an IdP role."""
    role = entity.find(_IDP_ROLE)
    if role is None:
        raise MetadataRefused("not an identity provider")
    names = _by_language(role.iter(tag(MDUI, "DisplayName")))
    organisation = _by_language(entity.iter(tag(MD, "OrganizationDisplayName")))
    words = [each.text or "" for each in role.iter(tag(MDUI, "Keywords"))]
    registration = next(entity.iter(tag(MDRPI, "RegistrationInfo")), None)
    return IdpRecord(
        entity_id=entity.get("entityID", ""),
        xml=idp_only(entity),
        names=names or organisation or {"": entity.get("entityID", "")},
        keywords=" ".join(words).replace("+", " ")[:_MAX_TEXT],
        scopes=_scopes(entity),
        logo_url=_logo(role),
        registration_authority=(
            "" if registration is None else registration.get("registrationAuthority", "")
        ),
        error_url=_web_address(role.get("errorURL", "")),
        sso_url=_location(role, "SingleSignOnService"),
        slo_url=_location(role, "SingleLogoutService"),
        hidden=_HIDE in _categories(entity),
    )


def idp_only(entity: etree._Element) -> str:
    """Return an entity's XML with IdP roles and contacts only; removes other roles from it."""
    for child in list(entity):
        if child.tag not in _KEPT:
            entity.remove(child)
    return str(etree.tostring(entity, encoding="unicode", with_tail=False))


def _events(path: Path, *tags: str, start: bool = False) -> Iterator[tuple[str, etree._Element]]:
    # The canonical file that we wrote: no DOCTYPE, no entities, no comments.
    yield from etree.iterparse(
        str(path),
        events=("start",) if start else ("end",),
        tag=tags,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_pis=True,
        huge_tree=True,
    )


def _free(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _valid_until(root: etree._Element) -> datetime:
    try:
        valid_until = read_time(root.get("validUntil"))
    except ResponseRefused as error:
        raise MetadataRefused(str(error)) from error
    if valid_until is None:
        raise MetadataRefused("no validUntil")
    if valid_until <= timezone.now():
        raise MetadataRefused(f"expired at {valid_until.isoformat()}")
    if valid_until > timezone.now() + MAX_VALIDITY:
        raise MetadataRefused(f"valid until {valid_until.isoformat()}, more than a fortnight")
    return valid_until


def _by_language(elements: Iterator[etree._Element]) -> dict[str, str]:
    texts = ((each.get(_XML_LANG, ""), (each.text or "").strip()) for each in elements)
    return {language[:10]: text[:_MAX_TEXT] for language, text in texts if text}


def _scopes(entity: etree._Element) -> tuple[str, ...]:
    """Return the literal scopes in lower case; regular expressions are not trusted."""
    scopes = {
        (each.text or "").strip().lower()
        for each in entity.iter(tag(SHIBMD, "Scope"))
        if each.get("regexp", "false") not in ("true", "1")
    }
    return tuple(sorted(scope for scope in scopes if scope and "@" not in scope))


def _logo(role: etree._Element) -> str:
    for logo in role.iter(tag(MDUI, "Logo")):
        url = (logo.text or "").strip()
        if url.startswith("https://") and len(url) <= _MAX_TEXT:
            return url
    return ""


def _categories(entity: etree._Element) -> set[str]:
    attributes = entity.find(f"{tag(MD, 'Extensions')}/{tag(MDATTR, 'EntityAttributes')}")
    if attributes is None:
        return set()
    return {(value.text or "").strip() for value in attributes.iter(tag(SAML, "AttributeValue"))}


def _location(role: etree._Element, service: str) -> str:
    if SAMLP not in role.get("protocolSupportEnumeration", "").split():
        return ""
    for endpoint in role.findall(tag(MD, service)):
        if endpoint.get("Binding") == _REDIRECT:
            return _web_address(endpoint.get("Location", ""))
    return ""


def _web_address(url: str) -> str:
    """Return ``url`` if browsers may be redirected to it, else ""."""
    url = url.strip()
    return url if url.startswith(("https://", "http://")) and len(url) <= 2 * _MAX_TEXT else ""

"""An identity provider that sends what a test requires, validly signed or not.

Keys are generated at run time; XML is signed and encrypted by the ``xmlsec1`` program.
"""

import base64
import copy
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS}
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
PASSWORD_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
OID = {
    "eppn": "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
    "affiliation": "urn:oid:1.3.6.1.4.1.5923.1.1.1.9",
    "mail": "urn:oid:0.9.2342.19200300.100.1.3",
    "displayName": "urn:oid:2.16.840.1.113730.3.1.241",
    "unique": "urn:oid:1.3.6.1.4.1.5923.1.1.1.13",
    "entitlement": "urn:oid:1.3.6.1.4.1.5923.1.1.1.7",
    "subject-id": "urn:oasis:names:tc:SAML:attribute:subject-id",
    "pairwise-id": "urn:oasis:names:tc:SAML:attribute:pairwise-id",
}


@dataclass(frozen=True)
class Keys:
    """A private key and its self-signed certificate, as files."""

    key: Path
    certificate: Path

    @property
    def pem(self) -> str:
        return self.certificate.read_text()

    @property
    def base64(self) -> str:
        return "".join(self.pem.splitlines()[1:-1])


def make_keys(folder: Path, name: str, key: Any = None) -> Keys:
    """Write a key pair; without ``key``, of RSA, for which 2048 bits are enough in tests."""
    key = key or rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    pair = Keys(folder / f"{name}.key", folder / f"{name}.crt")
    pair.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return pair


@dataclass(frozen=True)
class Idp:
    """A forged identity provider."""

    entity_id: str
    keys: tuple[Keys, ...]
    scopes: tuple[str, ...] = ("univ-a.example",)
    sso_url: str = "https://idp.example/sso"
    slo_url: str = "https://idp.example/slo"
    role: str = "IDPSSODescriptor"
    name: str = "Université A"

    def metadata(self, extra: str = "") -> str:
        """Its descriptor, as a verified feed would give it."""
        scopes = "".join(f"<shibmd:Scope>{scope}</shibmd:Scope>" for scope in self.scopes)
        keys = "".join(
            '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
            f"{pair.base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for pair in self.keys
        )
        redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
        return (
            '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
            ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
            ' xmlns:shibmd="urn:mace:shibboleth:metadata:1.0"'
            ' xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui"'
            f' entityID="{self.entity_id}">{extra}'
            f'<md:{self.role} protocolSupportEnumeration="{SAMLP}"><md:Extensions>{scopes}'
            f'<mdui:UIInfo><mdui:DisplayName xml:lang="fr">{self.name}</mdui:DisplayName>'
            f"</mdui:UIInfo></md:Extensions>{keys}"
            f'<md:SingleLogoutService Binding="{redirect}" Location="{self.slo_url}"/>'
            f'<md:SingleSignOnService Binding="{redirect}" Location="{self.sso_url}"/>'
            f"</md:{self.role}></md:EntityDescriptor>"
        )


Change = Callable[[etree._Element], Any]


def stay(_root: etree._Element) -> None:
    """Change nothing."""


@dataclass(frozen=True)
class Answer:
    """What a well-behaved IdP would send; tests change one thing."""

    idp: Idp
    sp: Any
    request_id: str
    attributes: dict[str, list[str]] = field(
        default_factory=lambda: {
            "subject-id": ["alice@univ-a.example"],
            "eppn": ["alice@univ-a.example"],
            "affiliation": ["staff@univ-a.example", "member@univ-a.example"],
            "mail": ["alice@univ-a.example"],
            "displayName": ["Alice Martin"],
        }
    )
    shift: timedelta = timedelta()
    context: str = PASSWORD_CONTEXT
    name_id: str = ""
    name_id_format: str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"

    def tree(self) -> etree._Element:
        """The unsigned response."""
        now = datetime.now(UTC) + self.shift
        at = lambda delta: (now + timedelta(minutes=delta)).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: E731
        attributes = "".join(
            f'<saml:Attribute Name="{OID.get(name, name)}"'
            ' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">'
            + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in self.attributes.items()
        )
        statement = f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement>"
        name_id = self.name_id or f"_{uuid.uuid4().hex}"
        return etree.fromstring(f"""<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}"
 ID="_r{uuid.uuid4().hex}" Version="2.0" IssueInstant="{at(0)}" Destination="{self.sp.acs_url}"
 InResponseTo="{self.request_id}"><saml:Issuer>{self.idp.entity_id}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>
<saml:Assertion ID="_a{uuid.uuid4().hex}" Version="2.0" IssueInstant="{at(0)}">
<saml:Issuer>{self.idp.entity_id}</saml:Issuer>
<saml:Subject><saml:NameID Format="{self.name_id_format}">{name_id}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData NotOnOrAfter="{at(5)}" Recipient="{self.sp.acs_url}"
 InResponseTo="{self.request_id}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{at(-0.5)}" NotOnOrAfter="{at(5)}"><saml:AudienceRestriction>
<saml:Audience>{self.sp.entity_id}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{at(0)}" SessionIndex="s{uuid.uuid4().hex}">
<saml:AuthnContext><saml:AuthnContextClassRef>{self.context}</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement>{statement if attributes else ""}
</saml:Assertion></samlp:Response>""")


def post(xml: bytes | str | etree._Element) -> str:
    """The value of the form field."""
    if isinstance(xml, etree._Element):
        xml = etree.tostring(xml)
    return base64.b64encode(xml.encode() if isinstance(xml, str) else xml).decode()


def assertion_of(root: etree._Element) -> etree._Element:
    return root.find(f"{{{SAML}}}Assertion")


def sign(
    root: etree._Element,
    element: etree._Element,
    keys: Keys,
    *,
    signature_method: str = RSA_SHA256,
    digest_method: str = SHA256,
    key_option: tuple[str, ...] = (),
) -> etree._Element:
    """Sign ``element`` of ``root`` as SAML does; return the signed tree."""
    identifier = element.get("ID")
    template = etree.fromstring(
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
        f'<ds:SignatureMethod Algorithm="{signature_method}"/><ds:Reference URI="#{identifier}">'
        "<ds:Transforms>"
        '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
        '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{digest_method}"/><ds:DigestValue/></ds:Reference>'
        "</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
        f"{keys.base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
    issuer = element.find(f"{{{SAML}}}Issuer")
    element.insert(0 if issuer is None else element.index(issuer) + 1, template)
    name = etree.QName(element)
    key = key_option or ("--privkey-pem", str(keys.key))
    xpath = f"//*[@ID='{identifier}']/*[local-name()='Signature']"
    return _run(
        root, "--sign", *key, "--id-attr:ID", f"{name.namespace}:{name.localname}",
        "--node-xpath", xpath,
    )  # fmt: skip


def encrypt(root: etree._Element, keys: Keys, *, cipher: str = "aes256-gcm") -> etree._Element:
    """Replace the assertion of ``root`` by an encrypted one."""
    assertion = copy.deepcopy(assertion_of(root))
    assertion.tail = None
    # As text: within what is encrypted, namespaces must be declared again.
    return encrypt_octets(root, etree.tostring(assertion), keys, cipher=cipher)


def encrypt_octets(
    root: etree._Element, plain: bytes, keys: Keys, *, cipher: str = "aes256-gcm"
) -> etree._Element:
    """Replace the assertion of ``root`` by one whose plain text is ``plain``."""
    space = "xmlenc11" if cipher.endswith("gcm") else "xmlenc"
    year = "2009" if cipher.endswith("gcm") else "2001/04"
    template = (
        '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"'
        f' xmlns:ds="{DS}" Type="http://www.w3.org/2001/04/xmlenc#Element">'
        f'<xenc:EncryptionMethod Algorithm="http://www.w3.org/{year}/{space}#{cipher}"/>'
        "<ds:KeyInfo><xenc:EncryptedKey><xenc:EncryptionMethod"
        ' Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/>'
        "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>"
        "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"
    )
    with TemporaryDirectory() as folder:
        template_file, data = Path(folder) / "template.xml", Path(folder) / "data"
        template_file.write_text(template)
        data.write_bytes(plain)
        output = Path(folder) / "out.xml"
        subprocess.run(
            [
                "xmlsec1", "--encrypt", "--pubkey-cert-pem", str(keys.certificate),
                "--session-key", f"aes-{cipher[3:6]}", "--binary-data", str(data),
                "--output", str(output), str(template_file),
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        encrypted = etree.fromstring(output.read_bytes())
    root = copy.deepcopy(root)
    holder = etree.Element(f"{{{SAML}}}EncryptedAssertion", nsmap={"saml": SAML})
    holder.append(encrypted)
    root.replace(assertion_of(root), holder)
    return root


def _run(root: etree._Element, *arguments: str) -> etree._Element:
    with TemporaryDirectory() as folder:
        source, output = Path(folder) / "in.xml", Path(folder) / "out.xml"
        source.write_bytes(etree.tostring(root))
        ended = subprocess.run(
            ["xmlsec1", *arguments, "--output", str(output), str(source)],
            check=False,
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 0, ended.stderr
        return etree.fromstring(output.read_bytes())


def signed_assertion(
    answer: Answer, *, before: Change = stay, keys: Keys | None = None, **options: Any
) -> etree._Element:
    """The response with a signed assertion, changed before it was signed."""
    root = answer.tree()
    before(root)
    return sign(root, assertion_of(root), keys or answer.idp.keys[0], **options)


def signed_response(
    answer: Answer, *, before: Change = stay, keys: Keys | None = None, **options: Any
) -> etree._Element:
    """The response, signed as a whole, changed before it was signed."""
    root = answer.tree()
    before(root)
    return sign(root, root, keys or answer.idp.keys[0], **options)

"""Metadata files to be signed by xmlsec1, and their check."""

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from accounts.saml.signatures.octets import public_keys
from tests.accounts.saml.idps.forger import DS, RSA_SHA256, SHA256, Keys

MD = "urn:oasis:names:tc:SAML:2.0:metadata"


EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"


MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def template(
    uri="#_f",
    *,
    transforms=(ENVELOPED, EXCLUSIVE),
    canonicalisation=EXCLUSIVE,
    method=RSA_SHA256,
    digest=SHA256,
    prefixes="",
):
    """An empty signature for xmlsec1 to fill in."""
    inclusive = f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="{prefixes}"/>'
    transform = "".join(
        f'<ds:Transform Algorithm="{each}">{inclusive if prefixes and each == EXCLUSIVE else ""}'
        "</ds:Transform>"
        for each in transforms
    )
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod'
        f' Algorithm="{canonicalisation}"/><ds:SignatureMethod Algorithm="{method}"/>'
        f'<ds:Reference URI="{uri}"><ds:Transforms>{transform}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>'
        "<ds:SignatureValue/></ds:Signature>"
    )


def document(content, signature=None, *, attributes="", before="", name="md:EntitiesDescriptor"):
    """A file to sign; ``content`` follows the signature."""
    signature = template() if signature is None else signature
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{before}<{name} xmlns:md="{MD}" ID="_f"'
        f"{attributes}>\n  {signature}{content}</{name}>\n"
    ).encode()


def entity(content="", attributes=""):
    return f'<md:EntityDescriptor entityID="x"{attributes}>{content}</md:EntityDescriptor>'


def keys_of(pair: Keys):
    certificate = x509.load_pem_x509_certificate(pair.pem.encode())
    return public_keys([certificate.public_bytes(serialization.Encoding.DER)])

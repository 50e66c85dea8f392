"""Logout requests that a forged IdP sends by HTTP-Redirect."""

import base64
import uuid
import zlib
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from django.test import Client

from tests.accounts.saml.idps.forger import RSA_SHA256, SAML, SAMLP

SLO = "https://rag.example/saml/slo/"


def logout_request(idp, name_id, *, destination=SLO, shift=timedelta(), index=""):
    now = datetime.now(UTC) + shift
    session_index = f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" if index else ""
    return f"""<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" Version="2.0"
 ID="_l{uuid.uuid4().hex}" IssueInstant="{now:%Y-%m-%dT%H:%M:%SZ}" Destination="{destination}">
<saml:Issuer>{idp.entity_id}</saml:Issuer><saml:NameID>{name_id}</saml:NameID>{session_index}
</samlp:LogoutRequest>"""


def query(
    xml, keys=None, *, name="SAMLRequest", algorithm=RSA_SHA256, relay_state="state", as_der=False
):
    """The query string of a message, signed if ``keys`` are given."""
    deflated = zlib.compress(xml if isinstance(xml, bytes) else xml.encode())[2:-4]
    text = f"{name}={quote_plus(base64.b64encode(deflated))}&RelayState={relay_state}"
    if keys is None:
        return text
    text += f"&SigAlg={quote_plus(algorithm)}"
    key = serialization.load_pem_private_key(keys.key.read_bytes(), None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        signature = key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
        if not as_der:
            r, s = decode_dss_signature(signature)
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    else:
        signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}&Signature={quote_plus(base64.b64encode(signature))}"


def send(text):
    return Client().get(f"/saml/slo/?{text}")

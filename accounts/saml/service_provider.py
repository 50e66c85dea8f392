"""Ourselves as a service provider: names, URLs, keys; and the pysaml2 client for one IdP."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from accounts.saml.xml import HTTP_POST, HTTP_REDIRECT
from accounts.saml.xmlsec import program

if TYPE_CHECKING:
    from saml2.client import Saml2Client

# saml2int 2.0 asks for three to five minutes.
CLOCK_SKEW_S = 180


@dataclass(frozen=True)
class KeyPair:
    """A private key and its certificate, PEM files."""

    key: Path
    certificate: Path


@dataclass(frozen=True)
class ServiceProvider:
    """What the world knows us by. The first key signs; all of them decrypt."""

    entity_id: str
    acs_url: str
    slo_url: str
    keys: tuple[KeyPair, ...]


@dataclass(frozen=True)
class IdpMetadata:
    """One IdP of a verified feed: its entity id, and its descriptor with IdP roles only."""

    entity_id: str
    xml: str


@lru_cache(maxsize=64)
def client_for(sp: ServiceProvider, idp: IdpMetadata) -> "Saml2Client":
    """Return the pysaml2 client that knows this IdP and no other; building one takes 0.2 s."""
    from saml2.client import Saml2Client
    from saml2.config import SPConfig

    pairs = [{"key_file": str(k.key), "cert_file": str(k.certificate)} for k in sp.keys]
    config = SPConfig()
    config.load(
        {
            "entityid": sp.entity_id,
            "xmlsec_binary": program(),
            "key_file": pairs[0]["key_file"],
            "cert_file": pairs[0]["cert_file"],
            "encryption_keypairs": pairs,
            "metadata": {"inline": [idp.xml]},
            "only_use_keys_in_metadata": True,
            "accepted_time_diff": CLOCK_SKEW_S,
            "allow_unknown_attributes": True,
            "delete_tmpfiles": True,
            "service": {
                "sp": {
                    "endpoints": {
                        "assertion_consumer_service": [(sp.acs_url, HTTP_POST)],
                        "single_logout_service": [(sp.slo_url, HTTP_REDIRECT)],
                    },
                    "allow_unsolicited": False,
                    "authn_requests_signed": True,
                    "logout_requests_signed": True,
                    "want_response_signed": False,
                    "want_assertions_signed": False,
                    "want_assertions_or_response_signed": True,
                    "signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                    "digest_algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
                }
            },
        }
    )
    return Saml2Client(config)

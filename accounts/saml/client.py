"""Create pysaml2 clients for single IdPs; load pysaml2 before the first login."""

import copy
import logging
from dataclasses import dataclass
from functools import lru_cache
from threading import Thread
from typing import TYPE_CHECKING

from accounts.saml.service_provider import KeysMissing, ServiceProvider, service_provider
from accounts.saml.signatures.xmlsec import program
from accounts.saml.xml import HTTP_POST, HTTP_REDIRECT

if TYPE_CHECKING:
    from saml2.client import Saml2Client

logger = logging.getLogger(__name__)

# saml2int 2.0 asks for three to five minutes.
CLOCK_SKEW_S = 180


@dataclass(frozen=True)
class IdpMetadata:
    """One IdP of a verified feed: its entity ID, and its descriptor with IdP roles only."""

    entity_id: str
    xml: str


def client_for(sp: ServiceProvider, idp: IdpMetadata) -> "Saml2Client":
    """Return a new pysaml2 client with the metadata of this IdP only."""
    from saml2.population import Population

    client = copy.copy(_client(sp, _stamps(sp)))
    store = copy.copy(client.metadata)
    store.metadata = {}
    store.imp({"inline": [idp.xml]})
    client.config = copy.copy(client.config)
    client.config.metadata = client.metadata = store
    client.sec = copy.copy(client.sec)
    client.sec.metadata = store
    # A cache of its own, since pysaml2 stores subjects there.
    client.users = Population()
    return client


def start_warm_up() -> None:
    """Load pysaml2, its schemas (a second) and our key in a thread, if there is a key."""
    try:
        sp = service_provider()
    except KeysMissing:
        return
    Thread(target=_warm_up, args=[sp], name="saml-warm-up", daemon=True).start()


def _warm_up(sp: ServiceProvider) -> None:
    try:
        _client(sp, _stamps(sp))
    except (OSError, ValueError) as error:
        # The login pages report the error too; the rest of the site works.
        logger.error("SAML logins will fail: %s", error)


def _stamps(sp: ServiceProvider) -> tuple[int, ...]:
    """Return a value that changes when a rollover replaces a key file."""
    return tuple(pair.key.stat().st_mtime_ns for pair in sp.keys)


@lru_cache(maxsize=4)
def _client(sp: ServiceProvider, _stamps: tuple[int, ...]) -> "Saml2Client":
    """Return the client that others are copied from; reading our private key takes 0.1 s."""
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
            "metadata": {"inline": []},
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

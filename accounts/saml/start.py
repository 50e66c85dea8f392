"""What a web process does for the first login before anybody asks for one."""

import logging
from threading import Thread

from accounts.saml.keys import KeysMissing, service_provider
from accounts.saml.service_provider import ServiceProvider, warm_up

logger = logging.getLogger(__name__)


def start_warm_up() -> None:
    """Load pysaml2 in the background, where institutions may log in at all: keys exist."""
    try:
        sp = service_provider()
    except KeysMissing:
        return
    Thread(target=_warm_up, args=[sp], name="saml-warm-up", daemon=True).start()


def _warm_up(sp: ServiceProvider) -> None:
    try:
        warm_up(sp)
    except (OSError, ValueError) as error:
        # Its login page will say so too; the rest of the site works.
        logger.error("SAML logins will fail: %s", error)

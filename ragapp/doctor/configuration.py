"""What operators have set: secrets, mail, the address of the site, Django's own checks."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.core.mail import get_connection

from instances.audit.checkpoints import stored_checkpoint
from instances.audit.verification import verify
from ragapp.doctor.findings import Finding, failed, ok, warning

_TIMEOUT_S = 5.0
_SOON = timedelta(days=21)
# Each is a consequence of HTTPS, of which there is a line.
_OF_HTTPS = {f"security.{number}" for number in ("W004", "W008", "W010", "W012", "W016")}
_GUESSED = {"admin", "changeme", "guest", "password", "postgres", "ragapp", "secret", "test"}
_FEW_LETTERS = 16


def secrets() -> Iterator[Finding]:
    """Look for secrets that everybody knows or could guess."""
    secret_urls = {
        "DATABASE_URL": settings.DATABASE_URL,
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "CACHE_URL": settings.CACHE_URL,
    }
    weak = [
        name
        for name, url in secret_urls.items()
        if (urlsplit(url).password or "-").lower() in _GUESSED
    ]
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < _FEW_LETTERS:
        weak.append("METRICS_TOKEN")
    # As Django's own check security.W009, which does not know words.
    if len(set(settings.SECRET_KEY)) < 10 or "insecure" in settings.SECRET_KEY:
        weak.append("SECRET_KEY")
    if weak:
        advice = "Set random ones, for example of: openssl rand -base64 48"
        yield failed("secrets", f"easily guessed: {', '.join(weak)}", advice)
    else:
        yield ok("secrets", "none is a default")


def https() -> Iterator[Finding]:
    """Examine HTTPS, and the certificate of SITE_URL."""
    address = urlsplit(settings.SITE_URL)
    if address.scheme != "https" or not settings.HTTPS:
        advice = "Set SITE_URL to the https address, and HTTPS=true, once people use the site."
        yield warning("HTTPS", f"off ({settings.SITE_URL})", advice)
        return
    host, port = address.hostname or "", address.port or 443
    try:
        ends = _end_of_certificate(host, port)
    except ssl.SSLCertVerificationError as error:
        advice = "Renew it at the proxy, with its chain."
        yield failed("HTTPS", f"the certificate of {host} is refused: {error.reason}", advice)
    except OSError as error:
        advice = "Look at it from outside, if this machine cannot reach it."
        yield warning("HTTPS", f"{host} cannot be reached from here: {error}", advice)
    else:
        text = f"the certificate of {host} ends on {ends:%Y-%m-%d}"
        if ends < datetime.now(UTC) + _SOON:
            yield warning("HTTPS", text, "Renew it at the proxy.")
        else:
            yield ok("HTTPS", text)


def _end_of_certificate(host: str, port: int) -> datetime:
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=_TIMEOUT_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        certificate = connection.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def mail() -> Iterator[Finding]:
    """Log in to the mail server; nothing is sent."""
    if not settings.EMAIL_HOST:
        advice = "Set EMAIL_HOST and DEFAULT_FROM_EMAIL."
        yield warning("mail", "none is sent, also no notice of failures", advice)
        return
    connection = get_connection(timeout=_TIMEOUT_S)
    try:
        connection.open()
        connection.close()
    except OSError as error:
        advice = "Correct EMAIL_HOST, EMAIL_PORT and its user and password."
        yield failed("mail", f"{settings.EMAIL_HOST} refuses or does not answer: {error}", advice)
        return
    if settings.DEFAULT_FROM_EMAIL.endswith("@localhost"):
        text = f"the sender is {settings.DEFAULT_FROM_EMAIL}"
        yield warning("mail", text, "Set DEFAULT_FROM_EMAIL to an address of your domain.")
    else:
        yield ok("mail", f"{settings.EMAIL_HOST} accepts us, as {settings.DEFAULT_FROM_EMAIL}")


def deployment() -> Iterator[Finding]:
    """Return what ``./manage check --deploy`` says."""
    messages = [
        each
        for each in run_checks(include_deployment_checks=True)
        if each.level >= WARNING and each.id not in _OF_HTTPS and not each.is_silenced()
    ]
    for each in messages:
        find = failed if each.is_serious() else warning
        yield find(f"check {each.id}", " ".join(str(each.msg).split()), each.hint or "")
    if not messages:
        yield ok("checks", "Django's checks of a deployment find nothing")


def audit_log() -> Iterator[Finding]:
    """Verify the audit log: its whole chain of hashes, and its end."""
    checkpoint = stored_checkpoint()
    found = verify(checkpoint)
    sealed = found.end.number if found.end else 0
    advice = "Run ./manage audit verify; docs/operations.md, The audit log."
    if found.problems:
        yield failed("audit log", f"it was changed: {found.problems[0]}", advice)
    elif checkpoint is None and sealed:
        text = f"{sealed} entries are as sealed, but there is no checkpoint to see a cut by"
        yield warning("audit log", text, "Set AUDIT_CHECKPOINT_FILE for the workers, too.")
    else:
        yield ok("audit log", f"{sealed} entries are as they were sealed, {found.waiting} wait")

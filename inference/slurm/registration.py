"""A job registers the address of its server, once, by its token."""

import ipaddress
import logging
import socket
from typing import TypeAlias

from django.utils import timezone

from inference.models import JobTemplate, ServerJob
from inference.slurm.errors import RegistrationRefused
from inference.slurm.submission import hash_of

logger = logging.getLogger(__name__)

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_MAY_REGISTER = (ServerJob.State.REQUESTED, ServerJob.State.PENDING, ServerJob.State.RUNNING)


def register(token: str, address: str) -> ServerJob:
    """Note that the job with this token serves at ``address``, ``host:port``; return the job.

    It gets questions once the reconciler has asked it for its models. Raises RegistrationRefused.
    The token is used up in any case. A job with an address outside the networks of its template is
    stopped.
    """
    jobs = ServerJob.objects.in_states(_MAY_REGISTER).filter(
        token_hash=hash_of(token),
        token_expires_at__gt=timezone.now(),
        template__backend__is_enabled=True,
    )
    job = jobs.select_related("template__backend").first() if token else None
    if job is None:
        raise RegistrationRefused("token")
    base_url = base_url_of(address, job.template)
    now = timezone.now()
    registered = {"state": ServerJob.State.REGISTERED, "base_url": base_url, "registered_at": now}
    refused = {
        "state": ServerJob.State.DRAINING,
        "draining_at": now,
        "reason": ServerJob.Reason.ADDRESS,
        "detail": address[:500],
    }
    # Of two registrations at once, the second finds no such row any more.
    if not jobs.filter(pk=job.pk).update(token_hash="", **(registered if base_url else refused)):
        raise RegistrationRefused("token")
    if not base_url:
        logger.warning("job %s registered with %r, which is refused", job.pk, address[:200])
        raise RegistrationRefused("address")
    job.refresh_from_db()
    return job


def base_url_of(address: str, template: JobTemplate) -> str:
    """Return the base URL of a server by its IP address; "" for an address that it may not have.

    The name is resolved once: what it leads to later does not count.
    """
    host, _colon, port = address.rpartition(":")
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 1 << 16):
        return ""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ""
    networks = [ipaddress.ip_network(part.strip()) for part in template.networks.split(",")]
    for *_, (resolved, *_rest) in found:
        ip = _inner(ipaddress.ip_address(str(resolved).partition("%")[0]))
        if any(ip in network for network in networks):
            shown = f"[{ip}]" if isinstance(ip, ipaddress.IPv6Address) else str(ip)
            return f"http://{shown}:{port}/v1"
    return ""


def _inner(ip: _Address) -> _Address:
    """Return the IPv4 address that an IPv6 one stands for."""
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip

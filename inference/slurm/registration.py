"""A job registers the address of its server by its token, which is good for one address."""

import ipaddress
import logging
import socket
from typing import TypeAlias

from django.db import transaction
from django.utils import timezone

from inference.models import JobTemplate, ServerJob
from inference.slurm.errors import RegistrationRefused
from inference.slurm.submission import hash_of

logger = logging.getLogger(__name__)

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_MAY_REGISTER = (ServerJob.State.REQUESTED, ServerJob.State.PENDING, ServerJob.State.RUNNING)
_REGISTERED = (ServerJob.State.REGISTERED, ServerJob.State.READY)


def register(token: str, address: str) -> ServerJob:
    """Note that the job with this token serves at ``address``, ``host:port``; return the job.

    It gets questions once the reconciler has asked it for its models. The same registration may be
    repeated: the script tries again when the answer to the first was lost. Raises
    RegistrationRefused. A job with an address outside the networks of its template is stopped.
    """
    jobs = ServerJob.objects.filter(
        token_hash=hash_of(token),
        token_expires_at__gt=timezone.now(),
        template__backend__is_enabled=True,
    )
    job = jobs.select_related("template__backend").first() if token else None
    if job is None:
        raise RegistrationRefused("token")
    # Its name is resolved before the row is locked.
    base_url = base_url_of(address, job.template)
    with transaction.atomic():
        # Without the tables that are joined above: a condition on them would be checked on the row
        # as it was before the lock, so that a second registration, or that of a job which was
        # stopped meanwhile, would count as well.
        row = ServerJob.objects.select_for_update().filter(pk=job.pk, token_hash=job.token_hash)
        _note(row.first(), base_url, address)
    if not base_url:
        logger.warning("job %s registered with %r, which is refused", job.pk, address[:200])
        raise RegistrationRefused("address")
    job.refresh_from_db()
    return job


def _note(job: ServerJob | None, base_url: str, address: str) -> None:
    """Note the address in the locked row, unless it is noted; raises RegistrationRefused."""
    if job is not None and base_url and job.base_url == base_url and job.state in _REGISTERED:
        return
    if job is None or job.state not in _MAY_REGISTER:
        raise RegistrationRefused("token")
    now = timezone.now()
    if base_url:
        job.state, job.base_url, job.registered_at = ServerJob.State.REGISTERED, base_url, now
    else:
        job.state, job.draining_at, job.token_hash = ServerJob.State.DRAINING, now, ""
        job.reason, job.detail = ServerJob.Reason.ADDRESS, address[:500]
    job.save(
        update_fields=[
            *("state", "base_url", "registered_at"),
            *("draining_at", "token_hash", "reason", "detail"),
        ]
    )


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

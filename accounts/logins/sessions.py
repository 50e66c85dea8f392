"""Record, limit and end sessions that began with a login at another service."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.logins.models.sessions import OidcSession, SamlSession
from people.models import User

# Lifetime of an anonymous session in which a login has begun.
ANONYMOUS_SESSION_S = 1800


def shorten_anonymous_session(request: HttpRequest) -> None:
    """Make an anonymous session expire soon, since each login that begins creates one."""
    if not request.user.is_authenticated:
        request.session.set_expiry(ANONYMOUS_SESSION_S)


def lengthen_session(request: HttpRequest) -> None:
    """Restore the usual lifetime of a shortened session, after a login."""
    if request.session.get_expiry_age() <= ANONYMOUS_SESSION_S:
        request.session.set_expiry(0)


def limit_session(request: HttpRequest, latest: datetime | None) -> datetime:
    """Make the new session expire at ``latest`` or at our own limit, and return that time."""
    ours = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    ends = min(ours, latest) if latest else ours
    request.session.set_expiry(ends)
    request.session.save()
    return ends


def record_session(
    request: HttpRequest,
    user: User,
    *,
    rule_id: int,
    ends: datetime,
    saml: dict[str, Any] | None = None,
    oidc: dict[str, Any] | None = None,
) -> None:
    """Record a session, so that it can be ended; ``saml``, ``oidc``: fields of its row."""
    kept = {
        "user": user,
        "rule_id": rule_id,
        "session_key": request.session.session_key or "",
        "expires_at": ends,
    }
    if saml is not None:
        SamlSession.objects.create(**kept, **saml)
    if oidc is not None:
        OidcSession.objects.create(**kept, **oidc)


def end_sessions(sessions: QuerySet[SamlSession] | QuerySet[OidcSession]) -> int:
    """End the sessions of these rows and delete the rows; return their number."""
    keys = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    sessions.delete()
    return len(keys)


def end_sessions_of_disabled() -> int:
    """End the sessions whose rule, organisation, provider or user is disabled.

    Most changes end their sessions at once. This also covers an organisation that was disabled by a
    package below this one.
    """
    unfounded = (
        Q(rule__is_enabled=False)
        | Q(rule__organisation__is_enabled=False)
        | Q(user__is_active=False)
    )
    blocked = Q(identity_provider__is_enabled=False) | Q(identity_provider__gone_at__isnull=False)
    return end_sessions(SamlSession.objects.filter(unfounded | blocked)) + end_sessions(
        OidcSession.objects.filter(unfounded)
    )


def end_sessions_of(**which: Any) -> int:
    """End the sessions of both protocols of a user or a rule (``user=…``, ``rule=…``)."""
    saml, oidc = SamlSession.objects.filter(**which), OidcSession.objects.filter(**which)
    return end_sessions(saml) + end_sessions(oidc)

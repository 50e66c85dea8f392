"""Sessions that an IdP opened: remembered, and ended when the right to them ends."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

from accounts.saml.models import SamlRequest, SamlSession
from accounts.saml.responses import AuthenticatedSubject


def remember_session(
    request: HttpRequest, user: Any, subject: AuthenticatedSubject, saml_request: SamlRequest
) -> None:
    """Bound the session that just began by what the IdP said, and note it for a later logout."""
    ends = _end(subject.assertion.session_expires_at)
    request.session.set_expiry(ends)
    request.session.save()
    name_id = subject.assertion.name_id
    SamlSession.objects.create(
        user=user,
        identity_provider=saml_request.identity_provider,
        rule=saml_request.rule,
        session_key=request.session.session_key or "",
        name_id=vars(name_id) if name_id else {},
        session_index=subject.assertion.session_index[:500],
        expires_at=ends,
    )


def end_sessions(**which: Any) -> int:
    """End the sessions of a user, an IdP, a rule (``user=…``, ``rule__organisation=…``)."""
    sessions = SamlSession.objects.filter(**which)
    keys = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    sessions.delete()
    return len(keys)


def _end(session_expires_at: datetime | None) -> datetime:
    latest = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return min(latest, session_expires_at) if session_expires_at else latest

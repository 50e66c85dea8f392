"""Django's sessions of the database, read by a prepared query (``SESSION_ENGINE``)."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import CharField, DateTimeField, QuerySet
from django.utils import timezone

from web.postgresql.prepared import Parameter, PreparedQuery


def _unexpired(session_key: Parameter, now: Parameter) -> QuerySet[Session]:
    return Session.objects.filter(session_key=session_key, expire_date__gt=now)


_SESSIONS = PreparedQuery(_unexpired, session_key=CharField(), now=DateTimeField())


class SessionStore(db.SessionStore):
    """The session of a request."""

    def _get_session_from_db(self) -> Session | None:
        found = _SESSIONS.rows(session_key=self.session_key, now=timezone.now())
        if found:
            return found[0]
        # As in Django: a key that is not known is not used for a new session.
        self._session_key = None
        return None

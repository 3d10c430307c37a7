"""The session engine: sessions in the database, with their owner and two limits.

``settings.SESSION_IDLE_SECONDS`` after the last request, and
``settings.SESSION_COOKIE_AGE`` after signing in, whatever happens. A row holds a digest
of the key in the cookie: whoever reads the table, or a copy of it, opens no session.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone

from clinic import browsers, origin
from clinic.database import without_waiting
from clinic.faults import fault_of

# No more than one write in this time only because somebody looks at pages.
SEEN_AGAIN = timedelta(minutes=1)


def kept(key: str) -> str:
    """Return what a row knows of a session's key: 160 bits of SHA-256."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> Any:
        from clinic.models import Session

        return Session

    def _get_session_from_db(self) -> Any:
        """Return the row unless it has ended; note that somebody is there."""
        now = timezone.now()
        model: Any = self.model
        key = kept(self.session_key or "")
        session = model.objects.alive(now).filter(pk=key).first()
        if session is None:
            self._session_key = None
            return None
        if session.seen_at < now - SEEN_AGAIN:
            note_that_seen(session, now)
        return session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        session: Any = super().create_model_instance(data)
        session.session_key = kept(session.session_key)
        now = timezone.now()
        begun = data.get("begun")
        session.user_id = data.get(SESSION_KEY)
        session.begun_at = datetime.fromtimestamp(begun, UTC) if begun else now
        session.seen_at = now
        session.browser = data.get("browser", "")
        session.network = data.get("network", "")
        return session

    def exists(self, session_key: str) -> bool:
        return super().exists(kept(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(kept(key))

    @classmethod
    def clear_expired(cls) -> None:
        cls.get_model_class().objects.ended(timezone.now()).delete()


def note_that_seen(session: Any, now: datetime) -> None:
    """Write that somebody is there, unless nothing can be written: pages go on."""
    try:
        with without_waiting():
            type(session).objects.filter(pk=session.pk).update(seen_at=now)
    except DatabaseError as error:
        if fault_of(error) is None:
            raise


def describe(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Note in a session that begins when, from where and in which browser."""
    request.session["begun"] = timezone.now().timestamp()
    request.session["browser"] = browsers.browser_of(request)
    request.session["network"] = origin.network_of(request)

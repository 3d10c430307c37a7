"""The log of the desk: who did what, when, and from where.

``record`` writes an entry, in the transaction of what it tells of: both are there, or
neither. Most entries come by themselves: whatever Django's admin logs, every sign-in,
every refusal. Nobody changes or deletes one, see ``guard``; they are forgotten when
they are old enough (``AuditEntry.objects.purge``).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import (
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.db.models import Model
from django.db.models.signals import post_save
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic import origin
from clinic.models import AuditEntry

# The request that is being answered at the desk, for what is not told of it.
current: ContextVar[HttpRequest | None] = ContextVar("current", default=None)
_meaning: ContextVar[str] = ContextVar("meaning", default="")


class Kind(NamedTuple):
    """What can be done: in a list, and as a sentence of ``who`` and ``what``."""

    label: Any
    sentence: Any


KINDS: dict[str, Kind] = {
    "SIGNED_IN": Kind(_("signed in"), _("%(who)s signed in.")),
    "SIGN_IN_FAILED": Kind(
        _("sign-in refused"), _("Somebody was refused to sign in as %(who)s.")
    ),
    "LOCKED": Kind(_("sign-in locked"), _("Signing in as %(who)s was locked.")),
    "SIGNED_OUT": Kind(_("signed out"), _("%(who)s signed out.")),
    "SESSIONS_ENDED": Kind(
        _("signed out everywhere"), _("%(who)s ended the sessions of %(what)s.")
    ),
    "PASSWORD": Kind(_("password"), _("%(who)s set a new password for %(what)s.")),
    "FACTOR_ADDED": Kind(
        _("second factor added"), _("%(who)s added a second factor to %(what)s.")
    ),
    "FACTOR_REMOVED": Kind(
        _("second factor removed"), _("%(who)s removed a second factor of %(what)s.")
    ),
    "FACTOR_RESET": Kind(
        _("second factor reset"), _("%(who)s reset the second factor of %(what)s.")
    ),
    "CODES_MADE": Kind(
        _("recovery codes made"), _("%(who)s made new recovery codes for %(what)s.")
    ),
    "CODE_USED": Kind(_("recovery code used"), _("%(who)s used a recovery code.")),
    "POWERS": Kind(
        _("powers changed"), _("%(who)s changed what %(what)s may do at the desk.")
    ),
    "LINKED": Kind(_("signs as a doctor"), _("%(who)s linked an account to %(what)s.")),
    "UNLINKED": Kind(
        _("signs no more as a doctor"),
        _("%(who)s took the link to %(what)s from an account."),
    ),
    "REFUSED": Kind(
        _("refused"), _("%(who)s was refused a page of the desk: %(what)s.")
    ),
    "ADDED": Kind(_("added"), _("%(who)s added %(what)s.")),
    "CHANGED": Kind(_("changed"), _("%(who)s changed %(what)s.")),
    "DELETED": Kind(_("deleted"), _("%(who)s deleted %(what)s.")),
}
BY_FLAG = {ADDITION: "ADDED", CHANGE: "CHANGED", DELETION: "DELETED"}


def record(
    by: Any, kind: str, obj: Any = None, note: str = "", **details: Any
) -> AuditEntry:
    """Write down what was done; return the entry.

    ``by`` is a request, an account, or None for the request that is being answered (a
    command of the server, if there is none). ``kind`` is a code of ``KINDS``. ``obj``
    is what it was done with: a row, or a text such as the address of a page. ``note``
    is a sentence; ``details`` are pieces that ``clinic.telling`` puts into words.
    """
    if kind not in KINDS:
        raise ValueError(f"“{kind}” is not in clinic.audit.KINDS.")
    request = by if isinstance(by, HttpRequest) else current.get()
    user = getattr(request, "user", None) if by in (None, request) else by
    pieces = [{"note": note}] if note else []
    pieces += [{name: value} for name, value in details.items() if value]
    return AuditEntry.objects.create(
        kind=kind, **who(user), **where(request), **what(obj), details=pieces
    )


@contextmanager
def meaning(kind: str) -> Iterator[None]:
    """Let what the admin logs meanwhile as a change be told as a kind of its own."""
    token = _meaning.set(kind)
    try:
        yield
    finally:
        _meaning.reset(token)


def who(user: Any) -> dict[str, Any]:
    if user is None or user.pk is None:
        return {}
    longest = AuditEntry._meta.get_field("name").max_length
    return {"account": user.pk, "name": name_of(user)[:longest]}


def name_of(user: Any) -> str:
    """Return how an account is called in the log: Ada Rossi (ada)."""
    full, name = user.get_full_name(), user.get_username()
    return f"{full} ({name})" if full else name


def where(request: HttpRequest | None) -> dict[str, str]:
    address = origin.address_of(request) if request else ""
    return {"network": origin.masked(address)} if address else {}


def what(obj: Any) -> dict[str, str]:
    if obj is None:
        return {}
    if not isinstance(obj, Model):
        return {"object_name": str(obj)[:200]}
    return {
        "object_type": obj._meta.label_lower,
        "object_key": str(obj.pk)[:100],
        "object_name": str(obj)[:200],
    }


# What comes by itself #########################################################


def listen() -> None:
    """Hear what Django tells of sign-ins and of what is done in its admin."""
    user_logged_in.connect(signed_in, dispatch_uid="audit")
    user_logged_out.connect(signed_out, dispatch_uid="audit")
    user_login_failed.connect(refused, dispatch_uid="audit")
    post_save.connect(logged, sender=LogEntry, dispatch_uid="audit")


def signed_in(request: Any, user: Any, **kwargs: Any) -> None:
    AuditEntry.objects.create(kind="SIGNED_IN", **who(user), **where(request))


def signed_out(request: Any, user: Any, **kwargs: Any) -> None:
    if user is not None:
        AuditEntry.objects.create(kind="SIGNED_OUT", **who(user), **where(request))


# Of more in a minute the log tells nothing new.
MOST_FAILURES = 20


def refused(credentials: Any, request: Any = None, **kwargs: Any) -> None:
    """Write down a failed sign-in, with the name only if it is that of an account.

    People type passwords where the name belongs. Whoever tries thousands fills no disk:
    of each account, and of all other names together, so many are kept in a minute.
    """
    accounts = get_user_model()._default_manager
    field = get_user_model().USERNAME_FIELD
    typed = credentials.get(field) or credentials.get("username")
    user = accounts.filter(**{field: typed}).first() if typed else None
    lately = AuditEntry.objects.filter(
        kind="SIGN_IN_FAILED",
        account=user.pk if user else None,
        at__gt=timezone.now() - timedelta(minutes=1),
    )
    if len(lately.values_list("pk")[:MOST_FAILURES]) < MOST_FAILURES:
        AuditEntry.objects.create(kind="SIGN_IN_FAILED", **who(user), **where(request))


def logged(instance: LogEntry, created: bool, **kwargs: Any) -> None:
    """Take over what the admin has logged, in the same transaction."""
    model = model_of(instance)
    details = pieces_of(instance.change_message)
    if not created or (model is get_user_model() and is_only_a_password(details)):
        return
    request = current.get()
    user = getattr(request, "user", None)
    if user is None or user.pk != instance.user_id:
        user = instance.user
    AuditEntry.objects.create(
        kind=_meaning.get() or BY_FLAG[instance.action_flag],
        **who(user),
        **where(request),
        object_type=model._meta.label_lower if model else "",
        object_key=str(instance.object_id or "")[:100],
        object_name=instance.object_repr,
        details=details,
    )


def pieces_of(message: str) -> list[Any]:
    """Return the pieces of a message of the admin, which may be a plain sentence."""
    if message.startswith("["):
        try:
            pieces = json.loads(message)
        except ValueError:
            pieces = None
        if isinstance(pieces, list):
            return [piece for piece in pieces if piece]
    return [{"note": message}] if message else []


def model_of(entry: LogEntry) -> Any:
    """Return the model of what the admin has logged; None if there is none any more."""
    key = entry.content_type_id
    return ContentType.objects.get_for_id(key).model_class() if key else None


def is_only_a_password(details: list[Any]) -> bool:
    """Whether that is all, which the account has told already: see ``User.save``."""
    if len(details) != 1:
        return False
    names = details[0].get("changed", {}).get("fields", [])
    return [name.lower() for name in names] == ["password"]


# What nobody changes ##########################################################

# Younger entries than this the database lets nobody delete, not even the portal.
GUARDED = timedelta(days=90)
TABLE = "clinic_auditentry"
SQLITE = [
    f"""CREATE TRIGGER IF NOT EXISTS "log_never_changes" BEFORE UPDATE ON "{TABLE}"
BEGIN SELECT RAISE(ABORT, 'The log of the desk never changes.'); END""",
    f"""CREATE TRIGGER IF NOT EXISTS "log_stays" BEFORE DELETE ON "{TABLE}"
WHEN OLD.at > datetime('now', '-{GUARDED.days} days')
BEGIN SELECT RAISE(ABORT, 'The log of the desk stays for {GUARDED.days} days.'); END""",
]
POSTGRESQL = [
    f"""CREATE OR REPLACE FUNCTION clinic_log_stays() RETURNS trigger
LANGUAGE plpgsql AS $$ BEGIN
IF TG_OP = 'UPDATE' THEN RAISE EXCEPTION 'The log of the desk never changes.'; END IF;
IF OLD.at > now() - interval '{GUARDED.days} days' THEN
RAISE EXCEPTION 'The log of the desk stays for {GUARDED.days} days.'; END IF;
RETURN OLD; END $$""",
    f"""CREATE OR REPLACE TRIGGER "log_stays" BEFORE UPDATE OR DELETE ON "{TABLE}"
FOR EACH ROW EXECUTE FUNCTION clinic_log_stays()""",
]


def guard(using: str = "default", **kwargs: Any) -> None:
    """Let the database itself refuse changes, after each ``migrate``."""
    database = connections[using]
    if TABLE not in database.introspection.table_names():
        return
    statements = POSTGRESQL if database.vendor == "postgresql" else SQLITE
    with database.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

"""What pages of the desk show beside Django's own."""

from datetime import timedelta
from typing import Any

from django import template
from django.contrib.admin.models import LogEntry
from django.db.models import Q
from django.utils import timezone

from clinic import audit, legal, telling
from clinic.backup import record
from clinic.models import AuditEntry

register = template.Library()


@register.inclusion_tag("admin/includes/missing.html", takes_context=True)
def missing_details(context: dict[str, Any]) -> dict[str, Any]:
    """List what the law asks for and is not filled in, for those who may do it."""
    allowed = context["request"].user.has_perm("clinic.change_practice")
    return {"missing": legal.missing(context["practice"]) if allowed else []}


@register.inclusion_tag("admin/includes/backup.html", takes_context=True)
def last_backup(context: dict[str, Any]) -> dict[str, Any]:
    """Say how old the last verified backup is, to those who answer for the portal."""
    if not context["request"].user.has_perm("clinic.change_practice"):
        return {"is_shown": False}
    backup = record.last_verified()
    return {
        "is_shown": True,
        "backup": backup,
        "is_too_old": backup is not None and record.is_too_old(backup),
    }


# What others did to somebody's account, or in a doctor's name; so long it is told.
ABOUT_ACCOUNTS = ("PASSWORD", "POWERS", "FACTOR_RESET", "SESSIONS_ENDED")
ABOUT_DOCTORS = ("LINKED", "UNLINKED")
TOLD_FOR = timedelta(days=30)
MOST = 5


@register.inclusion_tag("admin/includes/concerning.html", takes_context=True)
def concerning_me(context: dict[str, Any]) -> dict[str, Any]:
    """Tell whoever has signed in what others did lately to what they may do."""
    user: Any = context["request"].user
    about = Q(
        object_type="clinic.user", object_key=str(user.pk), kind__in=ABOUT_ACCOUNTS
    )
    if user.doctor_id:
        about |= Q(
            object_type="clinic.doctor",
            object_key=str(user.doctor_id),
            kind__in=ABOUT_DOCTORS,
        )
    entries = AuditEntry.objects.filter(about, at__gt=timezone.now() - TOLD_FOR)
    by_others = entries.exclude(account=user.pk)[:MOST]
    return {
        "told": [
            (entry.at, [telling.sentence(entry), *telling.details(entry)])
            for entry in by_others
        ]
    }


@register.filter
def told(entry: LogEntry) -> str:
    """Say what a line of the admin's own history says, the names of fields too."""
    return telling.message(audit.pieces_of(entry.change_message))

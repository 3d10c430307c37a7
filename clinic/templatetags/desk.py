"""What pages of the desk show beside Django's own."""

from typing import Any

from django import template

from clinic import legal
from clinic.backup import record

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

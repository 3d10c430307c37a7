"""What pages of the desk show beside Django's own."""

from typing import Any

from django import template

from clinic import legal

register = template.Library()


@register.inclusion_tag("admin/includes/missing.html", takes_context=True)
def missing_details(context: dict[str, Any]) -> dict[str, Any]:
    """List what the law asks for and is not filled in, for those who may do it."""
    allowed = context["request"].user.has_perm("clinic.change_practice")
    return {"missing": legal.missing(context["practice"]) if allowed else []}

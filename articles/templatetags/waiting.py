"""What waits for whoever has signed in, on the first page of the desk."""

from typing import Any

from django import template

from articles import desk

register = template.Library()


@register.inclusion_tag("admin/includes/waiting.html", takes_context=True)
def waiting_for_me(context: dict[str, Any]) -> dict[str, Any]:
    return {"tasks": desk.waiting_for(context["request"].user)}

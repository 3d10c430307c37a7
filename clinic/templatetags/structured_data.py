"""Structured data in a page."""

import json
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# Within a script element a text can then neither end it nor begin a comment. The same
# as in Django's json_script, whose type and id do not fit here.
ESCAPES = {ord(char): f"\\u{ord(char):04X}" for char in "<>&"}


@register.simple_tag
def json_ld(data: dict[str, Any] | None) -> SafeString:
    """Print JSON-LD as a data block, which browsers never execute; nothing if empty."""
    if not data:
        return mark_safe("")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    text = text.translate(ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308

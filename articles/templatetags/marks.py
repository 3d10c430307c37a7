"""Showing what was looked for."""

from collections.abc import Iterable

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from articles.search.passages import Piece

register = template.Library()


@register.filter
def with_marks(pieces: Iterable[Piece]) -> SafeString:
    """Join the pieces of a text; what was looked for is marked."""
    shown = (
        format_html("<mark>{}</mark>", text) if is_marked else escape(text)
        for text, is_marked in pieces
    )
    return format_html_join("", "{}", ((piece,) for piece in shown))

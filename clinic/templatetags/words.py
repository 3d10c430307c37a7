"""Words of the practice in the language of the page, and small helps for templates."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.formats import date_format, time_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import normalize_newlines
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import get_language, gettext, override
from i18nfield.strings import LazyI18nString

from clinic.moments import is_doubled, which

register = template.Library()

NAMES_WITH_CAPITAL = {"en", "de"}


def language_of(value: LazyI18nString) -> str | None:
    """Return the language that is shown if it is not that of the page."""
    data = value.data if isinstance(value, LazyI18nString) else None
    shown = str(value)
    if not isinstance(data, dict) or data.get(get_language() or "") == shown:
        return None
    return next((code for code, words in data.items() if words == shown), None)


@register.filter
def words(value: Any) -> SafeString:
    """Show a text that exists in several languages; mark it if it is a foreign one.

    A screen reader then speaks it with the right voice (WCAG 2.2, 3.1.2).
    """
    if not value:
        return mark_safe("")
    language = language_of(value)
    if language:
        return format_html('<span lang="{}">{}</span>', language, str(value))
    return escape(str(value))


@register.filter
def paragraphs(value: Any) -> SafeString:
    """Show a longer text of several languages as paragraphs."""
    blocks = [
        block.strip() for block in normalize_newlines(str(value or "")).split("\n\n")
    ]
    language = language_of(value) if value else None
    opening = format_html('<p lang="{}">', language) if language else mark_safe("<p>")
    return format_html_join(
        "\n",
        "{}{}</p>",
        (
            (opening, format_html_join(mark_safe("<br>"), "{}", lines(block)))
            for block in blocks
            if block
        ),
    )


def lines(block: str) -> list[tuple[str]]:
    return [(line.strip(),) for line in block.split("\n")]


@register.filter
def in_words(moment: date) -> str:
    """Write the day out in the practice's time: 8 November 2026, 8 novembre 2026."""
    local = localtime(moment) if isinstance(moment, datetime) else moment
    return in_sentence(date_format(local, "j F Y"))


@register.filter
def dated(moment: date) -> SafeString:
    """Write the day out, with the same for machines beside it."""
    local = localtime(moment) if isinstance(moment, datetime) else moment
    return format_html(
        '<time datetime="{}">{}</time>', local.strftime("%Y-%m-%d"), in_words(moment)
    )


@register.filter
def in_words_with_time(moment: datetime) -> str:
    """Write the moment out by the practice's clock: 27 March 2027, 2:30.

    In the hour that an autumn night has twice, say also in which of the two it is.
    """
    zone = get_current_timezone()
    told = gettext("%(date)s, %(time)s") % {
        "date": in_words(moment),
        "time": time_format(localtime(moment, zone).time(), "G:i"),
    }
    if not is_doubled(moment, zone):
        return told
    if which(moment, zone) == 1:
        return gettext("%(moment)s (the first of two, summer time)") % {"moment": told}
    return gettext("%(moment)s (the second of two, winter time)") % {"moment": told}


@register.filter
def in_sentence(name: str) -> str:
    """Write the name of a month, a day or a language as it stands within a sentence.

    Django gives each a capital; most languages do not.
    """
    return name if get_language() in NAMES_WITH_CAPITAL else name.lower()


@register.filter
def get(mapping: dict[str, Any] | None, key: str) -> Any:
    """Look up a key that is itself a variable."""
    return (mapping or {}).get(key)


@register.simple_tag
def emergency_link(practice: Any) -> SafeString:
    """The number that brings an ambulance, as a link."""
    number = practice.emergency_number
    return format_html('<a href="tel:{}">{}</a>', number, number)


@register.simple_tag
def not_in(language: str) -> str:
    """Say in that language that this page does not exist in it."""
    with override(language):
        return gettext("Not in English")


@register.filter
def as_letter(letter: str) -> str:
    """Write a letter of an alphabetical list; "0-9" with the dash of a range."""
    return letter.upper().replace("-", "–")

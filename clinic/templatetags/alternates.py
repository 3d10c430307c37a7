"""The same page in other languages, for search engines."""

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template.context import Context
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from clinic.addresses import absolute
from clinic.edge.edge import PARAMETERS

register = template.Library()


@register.simple_tag(takes_context=True)
def alternates(context: Context) -> SafeString:
    """Link to this page in every language in which it is live, its own included.

    Nothing on what is no such page itself: an error, an edition of its own address, a
    preview, a list read further, or one without anything in it (``empty_in`` are the
    languages of which a page says so). So whoever is named names all others (Google
    Search Central, "Localized versions of your pages"); ``x-default`` is the language
    of the site where the page has it.
    """
    request, found = context.get("request"), context.get("translations") or {}
    live = {code: address for code, address in found.items() if address}
    if request is None or is_read_further(request) or len(live) < 2:
        return SafeString("")
    if live.get(get_language() or "") != request.path:
        return SafeString("")
    for code in context.get("empty_in") or ():
        live.pop(code, None)
    if len(live) < 2 or get_language() not in live:
        return SafeString("")
    first = live.get(settings.LANGUAGE_CODE) or next(iter(live.values()))
    return format_html_join(
        "\n",
        '<link rel="alternate" hreflang="{}" href="{}">',
        (
            (code, absolute(address))
            for code, address in (*live.items(), ("x-default", first))
        ),
    )


def is_read_further(request: HttpRequest) -> bool:
    """Say whether the address has a parameter that pages understand."""
    query = request.META.get("QUERY_STRING", "")
    return any(pair.partition("=")[0] in PARAMETERS for pair in query.split("&"))

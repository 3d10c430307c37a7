"""What a reader takes along or sends to somebody: addresses, not copies."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from django.http import HttpResponseRedirect
from django.utils.translation import gettext

from articles.models import Edition
from clinic.addresses import absolute
from clinic.models import Practice


class DeviceRedirect(HttpResponseRedirect):
    """Leads to a program of the reader's own device, which asks before it sends."""

    allowed_schemes = ["mailto"]


def mail(edition: Edition, practice: Practice) -> str:
    """Return a mail without recipient (RFC 6068): title, address, whose page it is."""
    lines = [edition.title, page_of(edition), "", signature(practice)]
    fields = {"subject": edition.title, "body": "\r\n".join(lines).strip()}
    return f"mailto:?{urlencode(fields, quote_via=quote)}"


def page_of(edition: Edition) -> str:
    return absolute(edition.get_absolute_url())


def signature(practice: Practice) -> str:
    """Return the name of the practice and its first number, as far as known."""
    phone = next(iter(practice.first_phones), None)
    number = gettext("Telephone: %(number)s") % {"number": phone.shown} if phone else ""
    return "\r\n".join(filter(None, [practice.name, number]))

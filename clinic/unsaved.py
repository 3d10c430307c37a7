"""The page of the desk for what could not be saved: it keeps what was typed.

It needs neither the database nor a script. What was sent stands in the page and can be
sent once more, as it was; who saves last is still compared with what is there by then.
"""

import html
import logging
import re
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.html import strip_tags
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.faults import RETRY_AFTER, Fault

logger = logging.getLogger("clinic.unsaved")

WHY = {
    Fault.BUSY: _(
        "The database is busy: another program is writing and has not let go of it. "
        "Please wait a minute."
    ),
    Fault.FULL: _(
        "The disk of the server is full. Please tell whoever looks after the server, "
        "and leave this page open until there is room again."
    ),
    Fault.READ_ONLY: _(
        "The portal is read-only at present: nothing can be saved. Please tell whoever "
        "looks after the server, and leave this page open until that has been mended."
    ),
    Fault.AWAY: _(
        "The database does not answer. Please wait a minute. If it lasts, tell whoever "
        "looks after the server, and leave this page open until then."
    ),
    Fault.DAMAGED: _(
        "The database is damaged. Please tell whoever looks after the server, and "
        "leave this page open until it has been put back."
    ),
    None: _(
        "Something went wrong here; it is our fault, not yours. If it happens again, "
        "please tell whoever looks after the server."
    ),
}


# Asked for beside other fields (clinic/admin/confirming.py), and typed anew.
OWN_PASSWORD = "own_password"  # noqa: S105  the name of a field


def page(request: HttpRequest, fault: Fault | None) -> HttpResponse:
    """Say what has happened and give back what was typed.

    503 if it will pass by itself or by somebody's work, else 500.
    """
    is_sent = request.method == "POST"
    context = {
        "title": gettext("Not saved") if is_sent else gettext("No answer"),
        "why": WHY[fault],
        "address": request.get_full_path(),
        "site_header": admin.site.site_header,
        "site_title": admin.site.site_title,
        "is_sent": is_sent,
        **(kept(request) if is_sent else {}),
    }
    response = HttpResponse(
        render_to_string("admin/unsaved.html", context), status=503 if fault else 500
    )
    if fault:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def kept(request: HttpRequest) -> dict[str, Any]:
    """Return what a form has sent: as it is sent again, and for people to read.

    Passwords are never written into a page. Files cannot be.
    """
    try:
        sent, files = request.POST, request.FILES
    except Exception:  # the body itself could not be received
        logger.exception("What was sent could not be read.")
        return {"is_lost": True}
    fields = [
        (name, value)
        for name, values in sent.lists()
        for value in values
        if name not in {"csrfmiddlewaretoken", OWN_PASSWORD}
    ]
    if any("pass" in name for name, _value in fields):
        return {"is_secret": True}
    return {
        "is_lost": not fields,
        "csrf_token": get_token(request),
        "fields": fields,
        "files": [(name, getattr(file, "name", "")) for name, file in files.items()],
        "texts": [text for _name, value in fields if (text := readable(value))],
    }


def readable(value: str) -> str:
    """Return what somebody typed without its tags; empty for what is no sentence."""
    lines = re.sub(r"</(?:p|h[1-6]|li|tr)>|<br */?>", "\n", value)
    text = html.unescape(strip_tags(lines)).strip()
    return text if re.search(r"\w\s+\w", text) else ""

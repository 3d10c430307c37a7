"""The pages for when nothing can be rendered, written in advance.

When the database is gone or a template fails, or when the web server answers before
the portal is asked, the phone numbers must still be there. So these pages are written
to files, in every language, whenever contact details change and at every start.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.template.loader import render_to_string
from django.utils import translation

from clinic.models import (
    Doctor,
    Email,
    Location,
    OpeningHours,
    Phone,
    Practice,
)

# By the status that they are for: the portal itself sends the second one only, nginx
# (deploy/nginx) all of them.
PAGES = {"400": "400.html", "500": "500.html", "503": "wait.html"}
WATCHED = (Doctor, Email, Location, OpeningHours, Phone, Practice)

# For a portal whose page was never written: no style, no numbers, but polite.
LAST_RESORT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Something went wrong</title></head>
<body><main><h1>Something went wrong</h1>
<p>Please try again in a few minutes. In an emergency call
<a href="tel:112">112</a>.</p>
<div lang="it"><h2>Qualcosa non ha funzionato</h2>
<p>Riprovi tra qualche minuto. In caso di emergenza chiami il
<a href="tel:112">112</a>.</p></div></main></body></html>
"""


def path(language: str, status: str = "500") -> Path:
    return settings.DATA_DIR / "errors" / f"{status}.{language}.html"


def read(language: str) -> str:
    """Return the page for a server error without touching the database."""
    for code in (language, settings.LANGUAGE_CODE):
        try:
            return path(code).read_text(encoding="utf-8")
        except OSError:
            continue
    return LAST_RESORT


def write() -> None:
    """Write the pages in every language, each in one step: never half a page.

    Raises OSError if the folder cannot be written.
    """
    practice = Practice.objects.load()
    practice.notices_now = []  # on a page kept in a file they would outlive their end
    for code, _ in settings.LANGUAGES:
        with translation.override(code):
            context = {"practice": practice, "LANGUAGE_CODE": code}
            for status, template in PAGES.items():
                replace(path(code, status), render_to_string(template, context))


def replace(target: Path, html: str) -> None:
    """Write a file that the web server, another user, can read."""
    if not target.parent.exists():
        target.parent.mkdir(parents=True)
        target.parent.chmod(0o755)
    handle, name = tempfile.mkstemp(dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(html)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)  # there only if the disk is full


def write_after_commit(**kwargs: Any) -> None:
    # robust: a full disk must not turn a saved phone number into an error page.
    transaction.on_commit(write, robust=True)


def watch() -> None:
    for model in WATCHED:
        post_save.connect(write_after_commit, sender=model, dispatch_uid=model)
        post_delete.connect(write_after_commit, sender=model, dispatch_uid=model)

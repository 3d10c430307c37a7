"""The log in words: what an entry says, in the language of whoever reads it."""

import json
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import roles
from clinic.audit import KINDS
from clinic.models import AuditEntry


def label(entry: AuditEntry) -> str:
    """Say in two words what was done."""
    kind = KINDS.get(entry.kind)
    return str(kind.label) if kind else entry.kind


def person(entry: AuditEntry) -> str:
    if entry.name:
        return entry.name
    if entry.kind in {"SIGN_IN_FAILED", "LOCKED"}:
        return gettext("a name that no account has")
    if entry.network:
        return gettext("somebody who had not signed in")
    return gettext("a command of the server")


def thing(entry: AuditEntry) -> str:
    """Name what it was done with, and what that is: “Fever” (article)."""
    if not entry.object_type:
        return entry.object_name
    try:
        kind = apps.get_model(entry.object_type)._meta.verbose_name
    except LookupError:
        return entry.object_name
    name = entry.object_name
    if entry.object_type == "auth.group":
        kind, name = _("role"), str(roles.NAMES.get(name, name))
    return gettext("“%(name)s” (%(kind)s)") % {"name": name, "kind": kind}


def sentence(entry: AuditEntry) -> str:
    """Say who did what, in one sentence."""
    kind = KINDS.get(entry.kind)
    if kind is None:
        return " ".join([entry.kind, entry.name, entry.object_name])
    said = str(kind.sentence) % {"who": person(entry), "what": thing(entry)}
    return said if entry.name else capfirst(said)


def details(entry: AuditEntry) -> list[str]:
    """Say the rest, a sentence for each piece."""
    return list(filter(None, map(of_piece, entry.details)))


def of_piece(piece: dict[str, Any]) -> str:
    """Put a piece into words: one of ours, or one of a message of Django's admin."""
    if "note" in piece:
        return piece["note"]
    for key, said in LISTS.items():
        if key in piece:
            return str(said) % {"names": ", ".join(map(in_words, piece[key]))}
    return message([piece]) if any(piece.values()) else ""


LISTS = {
    "given": _("Given: %(names)s."),
    "taken": _("Taken away: %(names)s."),
    "accounts": _("The account: %(names)s."),
}


def message(pieces: list[dict[str, Any]]) -> str:
    """Put what the admin tells of a form into words, the names of fields too."""
    if pieces and "note" in pieces[0]:
        return pieces[0]["note"]
    for piece in pieces:
        for told in piece.values():
            if isinstance(told, dict) and "fields" in told:
                told["fields"] = [in_words(name) for name in told["fields"]]
    return LogEntry(change_message=json.dumps(pieces)).get_change_message()


def in_words(name: str) -> str:
    """Translate the name of a field, of a role or of a power.

    Django keeps the names of fields in English with the capital that a form gives them;
    the catalogues know them as they stand within a sentence.
    """
    if name in roles.NAMES:
        return str(roles.NAMES[name])
    translated = gettext(name)
    if translated == name:
        within = name[:1].lower() + name[1:]
        found = gettext(within)
        translated = capfirst(found) if found != within else name
    return translated

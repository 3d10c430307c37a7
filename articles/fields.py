"""The rich-text column and its editor."""

import json
from typing import Any

from django import forms
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.templatetags.static import static
from django.utils.translation import gettext

from articles.markup import sanitise


class RichTextWidget(forms.Textarea):
    """A text area that static/js/editor.js turns into an editor.

    Without JavaScript it stays what it is, with the HTML in it.
    """

    class Media:
        css = {"all": ["css/editor.css"]}
        js = [forms.Script("js/editor.js", type="module")]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        # The module by its hashed address: an import map would be an inline script,
        # which the Content-Security-Policy forbids.
        context["widget"]["attrs"]["data-editor"] = json.dumps(
            {
                "module": static("django_prose_editor/editor.js"),
                "words": editor_words(),
            }
        )
        return context


def editor_words() -> dict[str, str]:
    """Every word that the editor shows, in the language of the desk."""
    return {
        "tools": gettext("Tools of the text"),
        "paragraph": gettext("Text"),
        "heading": gettext("Heading"),
        "subheading": gettext("Subheading"),
        "bold": gettext("Bold"),
        "italic": gettext("Italic"),
        "bulletList": gettext("List"),
        "orderedList": gettext("Numbered list"),
        "blockquote": gettext("Quotation"),
        "callout": gettext("Call-out"),
        "ask": gettext("Call-out: something to do"),
        "link": gettext("Link"),
        "unlink": gettext("Remove link"),
        "table": gettext("Table"),
        "addRow": gettext("Add row"),
        "addColumn": gettext("Add column"),
        "deleteRow": gettext("Delete row"),
        "deleteColumn": gettext("Delete column"),
        "deleteTable": gettext("Delete table"),
        "undo": gettext("Undo"),
        "redo": gettext("Redo"),
        "address": gettext("Address of the page"),
        "addressHelp": gettext(
            "For example https://www.example.org/page, or /articles/fever/ for a page "
            "of this site."
        ),
        "badAddress": gettext(
            "Please begin with https://, or with / for a page of this site."
        ),
        "selectFirst": gettext("Please select the words that shall become the link."),
        "apply": gettext("Apply"),
        "cancel": gettext("Cancel"),
    }


class RichTextField(models.TextField):
    """HTML that is sanitised on every way into the database.

    ``clean`` runs for forms only; ``get_db_prep_save`` also for ``save``,
    ``bulk_create``, ``update`` and fixtures.
    """

    def clean(self, value: str, instance: Any) -> str:
        return sanitise(super().clean(value, instance))

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if isinstance(value, str):
            value = sanitise(value)
        return super().get_db_prep_save(value, connection)

    def deconstruct(self) -> Any:
        """Be a plain TextField to migrations: the column is nothing else."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**kwargs | {"widget": RichTextWidget})


class WebField(models.URLField):
    """A link; "example.org" means https://example.org, as in Django 6."""

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.URLField", args, kwargs

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**kwargs | {"assume_scheme": "https"})

"""The rich-text column and its editor."""

import json
from typing import Any

from django import forms
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.templatetags.static import static
from django.utils.text import capfirst
from django.utils.translation import gettext

from articles.digest import digest_of
from articles.markup import sanitise
from clinic.models import Practice


class RichTextWidget(forms.Textarea):
    """A text area that static/js/editor.js turns into an editor.

    Without JavaScript it stays what it is, with the HTML in it.
    """

    class Media:
        css = {"all": ["css/editor.css"]}
        js = [forms.Script("js/editor.js", type="module")]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        practice = Practice.objects.current()
        # The module by its hashed address: an import map would be an inline script,
        # which the Content-Security-Policy forbids.
        context["widget"]["attrs"]["data-editor"] = json.dumps(
            {
                "module": static("django_prose_editor/editor.js"),
                "words": editor_words(practice),
                "contacts": contacts(practice),
            }
        )
        return context


def contacts(practice: Practice) -> list[dict[str, Any]]:
    """Every phone and e-mail of the practice, as the editor offers them."""
    phones = [
        {
            "reference": f"phone-{phone.pk}",
            "label": f"{capfirst(phone.get_kind_display())}: {phone.purpose}",
            "shown": phone.shown,
            "callable": phone.can_be_called,
        }
        for phone in practice.phones.all()
    ]
    emails = [
        {
            "reference": f"email-{email.pk}",
            "label": f"{gettext('E-mail')}: {email.purpose}",
            "shown": email.address,
            "callable": False,
        }
        for email in practice.emails.all()
    ]
    return phones + emails


def editor_words(practice: Practice) -> dict[str, str]:
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
        "contact": gettext("Contact"),
        "whichContact": gettext("Which contact?"),
        "contactHelp": gettext(
            "The text shows the number as it is at the desk under “The practice”. When "
            "it changes there, it changes here."
        ),
        "noContacts": gettext(
            "There is no contact yet. Please add it first under “The practice”."
        ),
        "inSentence": gettext("In the sentence"),
        "asCard": gettext("As a card"),
        "lostContact": gettext("This contact no longer exists: please delete it here"),
        "careCard": gettext("Care card"),
        "removeCareCard": gettext("Remove care card"),
        "whichCare": gettext("How soon must the reader act?"),
        "careNonUrgent": gettext("Not urgent: when to call the practice"),
        "careUrgent": gettext("Urgent: when to call the practice today"),
        "careEmergency": gettext("Emergency: when to call %(number)s at once")
        % {"number": practice.emergency_number},
        "careHint": gettext("Heading, for example: Call today if you have"),
        "careInText": gettext("is in the text already; one of each kind fits"),
        "allCareInText": gettext(
            "All three care cards are in the text already. One of each kind fits on a "
            "page."
        ),
        "whichNumber": gettext("Which number does the card show?"),
        "headerNumbers": gettext("The numbers in view on every page"),
        "insert": gettext("Insert"),
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

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Leave the object with what is stored: the history keeps that."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = sanitise(value)
            setattr(model_instance, self.attname, value)
        return value

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


class DigestField(models.CharField):
    """What an edition holds, in 66 characters; made with its row and never again."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if add:
            setattr(model_instance, self.attname, digest_of(model_instance))
        return super().pre_save(model_instance, add)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs

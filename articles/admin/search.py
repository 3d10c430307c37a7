"""What readers search for, at the desk: synonyms, and what was not found."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.admin.deciding import DecidingList
from articles.models import Synonym, Unfound
from clinic.admin import BoundedList
from clinic.forms import LabelledForm
from clinic.templatetags.words import in_words


@admin.register(Synonym)
class SynonymAdmin(BoundedList):
    form = LabelledForm
    list_display = ["words", "means", "language"]
    list_filter = ["language"]
    search_fields = ["words", "means"]
    fields = ["language", "words", "means"]

    def save_model(self, request: Any, obj: Synonym, *args: Any) -> None:
        """Save it; its words wait no longer among the searches without result."""
        super().save_model(request, obj, *args)
        Unfound.objects.about(obj.words, obj.language).delete()


@admin.register(Unfound)
class UnfoundAdmin(DecidingList):
    """What was searched for more than once in vain; each row is decided by a button."""

    change_list_template = "admin/articles/unfound/change_list.html"
    list_display = ["words", "decide", "count", "language", "last_day"]
    list_filter = [*DecidingList.list_filter, "language"]
    search_fields = ["words"]

    @admin.display(description=_("last time"), ordering="last_date")
    def last_day(self, row: Unfound) -> str:
        return in_words(row.last_date)

    def ways(self, row: Unfound) -> list[tuple[str, str]]:
        synonym = urlencode({"language": row.language, "words": row.words})
        draft = urlencode(
            {
                "language": row.language,
                "title": capfirst(row.words),
                "key_phrases": row.words,
            }
        )
        return [
            (
                f"{reverse('admin:articles_synonym_add')}?{synonym}",
                gettext("Add a synonym …"),
            ),
            (
                f"{reverse('admin:articles_article_add')}?{draft}",
                gettext("Start an article …"),
            ),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

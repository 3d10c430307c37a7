"""Addresses at the desk: those that nobody finds anything under, and redirects."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import get_language_from_path, gettext
from django.utils.translation import gettext_lazy as _

from articles.addresses import problem_with, proposal
from articles.admin.deciding import DecidingList
from articles.models import Article, Edition, Redirect
from clinic import old_addresses
from clinic.admin import BoundedList
from clinic.forms import LabelledForm
from clinic.models import MissedAddress
from clinic.templatetags.words import in_words


class RedirectForm(LabelledForm):
    class Meta:
        model = Redirect
        fields = ["path", "article", "topic", "doctor", "page", "language"]
        widgets = {"path": forms.TextInput(attrs={"class": "vLargeTextField"})}

    def clean_path(self) -> str:
        path = old_addresses.typed(self.cleaned_data["path"])
        problem = problem_with(path)
        if problem:
            raise forms.ValidationError(problem)
        return path


@admin.register(Redirect)
class RedirectAdmin(BoundedList):
    form = RedirectForm
    list_display = ["path", "leads_to", "created_at"]
    list_select_related = ["article", "topic", "doctor"]
    search_fields = ["path"]
    search_help_text = _("Searches old addresses.")
    autocomplete_fields = ["article"]
    fieldsets = [
        (
            None,
            {
                "fields": ["path"],
                "description": _(
                    "For addresses at which readers find nothing, such as those of an "
                    "older site. Articles, topics and doctors lead on from their own "
                    "earlier addresses by themselves."
                ),
            },
        ),
        (
            _("Where it leads"),
            {
                "fields": ["article", "topic", "doctor", "page", "language"],
                "description": _(
                    "Choose one. The redirect follows it when its own address changes."
                ),
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Redirect]:
        """Ask for what readers see of all articles at once, and not for their texts."""
        live = Edition.objects.live().only("article", "language", "slug")
        others = Article.objects.defer(*Article.TEXTS)
        rows = Redirect.objects.defer(*(f"article__{name}" for name in Article.TEXTS))
        return rows.prefetch_related(
            Prefetch("article__editions", live, to_attr="seen_now"),
            Prefetch("article__replaced_by", others),
            Prefetch("article__replaced_by__editions", live, to_attr="seen_now"),
        )

    @admin.display(description=_("leads to"))
    def leads_to(self, row: Redirect) -> str:
        address = self.address_of(row)
        if address is None:
            return gettext("%(target)s (withdrawn)") % {"target": row.target}
        return format_html('<a href="{}">{}</a>', address, row.target)

    def address_of(self, row: Any) -> str | None:
        """Return where it leads, by what the list has asked for already."""
        if row.article is None:
            return row.destination()
        other = row.article.replaced_by
        seen = row.article.seen_now or (other and other.seen_now)
        if seen:
            return seen[0].get_absolute_url()
        # Only a chain of replacements has to be gone along.
        return row.destination() if other and other.replaced_by_id else None

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Propose a target for the address that the list has sent along."""
        path = request.GET.get("path", "")[:2000]
        if not path:
            return {"language": request.LANGUAGE_CODE}
        field, row = proposal(path)
        found = {field: row.pk} if row else {}
        language = get_language_from_path(path) or request.LANGUAGE_CODE
        return {"path": path, "language": language} | found

    def save_model(self, request: Any, obj: Redirect, *args: Any) -> None:
        super().save_model(request, obj, *args)
        MissedAddress.objects.filter(path=obj.path).delete()


@admin.register(MissedAddress)
class MissedAddressAdmin(DecidingList):
    """What was asked for more than once in vain; each row is decided by one button."""

    change_list_template = "admin/clinic/missedaddress/change_list.html"
    list_display = ["path", "decide", "count", "last_day", "referring_site"]
    search_fields = ["path", "referring_site"]

    @admin.display(description=_("last time"), ordering="last_seen")
    def last_day(self, row: MissedAddress) -> str:
        return in_words(row.last_seen)

    def ways(self, row: MissedAddress) -> list[tuple[str, str]]:
        query = urlencode({"path": row.path})
        add = f"{reverse('admin:articles_redirect_add')}?{query}"
        return [(add, gettext("Redirect …"))]

"""The rows below the form of an article: its sources, and where readers may go on."""

import re
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import model_to_dict
from django.http import HttpRequest, QueryDict

from articles import history
from articles.admin.forms import RelatedForm, SourceForm
from articles.models import Related, Source
from articles.related import MOST
from clinic.admin import BoundedInline


class SourceInline(BoundedInline, admin.StackedInline):
    model = Source
    form = SourceForm
    extra = 0
    fields = ["title", "url", ("doi", "pmid"), "position"]


class RelatedInline(BoundedInline, admin.StackedInline):
    """Whoever writes articles chooses where readers may go on from them."""

    model = Related
    form = RelatedForm
    fk_name = "article"
    extra = 0
    max_num = MOST
    autocomplete_fields = ["other"]
    fields = [("other", "position")]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("articles.change_article")

    has_change_permission = has_delete_permission = has_add_permission

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("articles.view_article")


def sources_typed(inlines: Iterable[Any]) -> list[dict[str, str]]:
    """Return the sources as they stand in a form that was sent, in their order."""
    forms = [form for inline in inlines for form in inline.formset.forms]
    rows = [getattr(form, "cleaned_data", {}) for form in forms]
    rows = [row for row in rows if row.get("title") and not row.get("DELETE")]
    rows.sort(key=lambda row: row.get("position") or 0)
    return [{name: row.get(name, "") for name in history.SOURCE_FIELDS} for row in rows]


class RowsOfArticles(admin.ModelAdmin):
    """Fits the rows that were typed to those that colleagues have left."""

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method == "POST" and obj.pk:
            in_place_of_theirs = request.POST.get("overwrite") == str(obj.version)
            kwargs["data"] = settled(
                kwargs["data"],
                prefix,
                kwargs["queryset"],
                obj,
                # The comparison has shown sources; related articles are no content.
                only_sent=in_place_of_theirs and inline.model is Source,
            )
        return kwargs


def settled(
    data: QueryDict, prefix: str, rows: QuerySet, article: Any, *, only_sent: bool
) -> QueryDict:
    """Return the rows of a formset that was sent, as they fit those in the database.

    What has been deleted since is a new row: the text that was typed counts. With
    ``only_sent`` those of the article that were not sent are deleted; else they stay.
    """
    total = data.get(f"{prefix}-TOTAL_FORMS", "")
    if not re.fullmatch(r"[0-9]{1,2}|100", total):
        return data  # the formset refuses it
    sent = [taken(data, f"{prefix}-{number}-") for number in range(int(total))]
    gone = deleted_of({row.get("id", "") for row in sent}, rows)
    # A row of another article stays as it was sent: the formset refuses it.
    old = [row for row in sent if row.get("id") and row["id"] not in gone]
    new = [row | {"id": ""} for row in sent if row not in old]
    if only_sent:
        keys = [row["id"] for row in old]
        mine = rows.filter(article=article)
        old += [to_delete(row) for row in mine if str(row.pk) not in keys]
    data[f"{prefix}-INITIAL_FORMS"] = str(len(old))
    data[f"{prefix}-TOTAL_FORMS"] = str(len(old) + len(new))
    for number, row in enumerate(old + new):
        for name, value in row.items():
            data[f"{prefix}-{number}-{name}"] = value
    return data


def deleted_of(sent: set[str], rows: QuerySet) -> set[str]:
    """Return which of those keys no row has, of no article."""
    keys = {int(key): key for key in sent if re.fullmatch(r"[1-9][0-9]{,17}", key)}
    there = rows.filter(pk__in=keys).values_list("pk", flat=True)
    return {keys[key] for key in keys.keys() - set(there)}


def taken(data: QueryDict, prefix: str) -> dict[str, str]:
    """Take the fields of one row out of what was sent."""
    names = [name for name in data if name.startswith(prefix)]
    return {name.removeprefix(prefix): data.pop(name)[-1] for name in names}


def to_delete(row: Model) -> dict[str, str]:
    """Return what the form would send for a stored row whose deletion is ticked."""
    fields = {name: str(value) for name, value in model_to_dict(row).items()}
    return fields | {"id": str(row.pk), "DELETE": "on"}

"""What the pages of the desk have in common."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from clinic import pictures, telling
from clinic.admin.comparing import Compared
from clinic.audit import pieces_of
from clinic.counting import CappedPaginator


class Logged(admin.ModelAdmin):
    """Lets no action leave less in the log than it did."""

    def response_action(self, request: Any, queryset: Any, *args: Any) -> Any:
        """Run an action on many rows as a whole, with its entries in the log.

        Keys that no row can have came from no list: then nothing was chosen.
        """
        if not all(map(self.can_be_key, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            request.POST = request.POST.copy()
            del request.POST[ACTION_CHECKBOX_NAME]
        with transaction.atomic():
            return super().response_action(request, queryset, *args)

    def can_be_key(self, sent: str) -> bool:
        try:
            self.opts.pk.clean(sent, None)
        except ValidationError:
            return False
        return True

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Log row by row: what is written in bulk, nobody is told of."""
        rows: Any = [[row] for row in queryset]
        return [super(Logged, self).log_deletions(request, row) for row in rows]

    def history_view(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Name the fields in the language of whoever reads what was done."""
        response: Any = super().history_view(request, *args, **kwargs)
        for entry in getattr(response, "context_data", {}).get("action_list", ()):
            entry.change_message = telling.message(pieces_of(entry.change_message))
        return response


class BoundedList(Compared, Logged):
    """Shows lists of any length: counts no further than needed, and that once.

    A search is for ten words at most: each is one more level of the query.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> Any:
        words = " ".join(search_term.split()[:10])
        return super().get_search_results(request, queryset, words)


class Renamed:
    """The options of a model under other names, above the pages and below the lists."""

    def __init__(self, options: Any, one: Any, many: Any, app: Any = None) -> None:
        self.options = options
        self.verbose_name, self.verbose_name_plural = one, many
        self.app_config = app or options.app_config

    def __getattr__(self, name: str) -> Any:
        return getattr(self.options, name)


class PicturesOnlyOnSuccess:
    """Removes the files of new pictures when saving breaks off with an error."""

    def changeform_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        with pictures.kept_only_on_success():
            return super().changeform_view(*args, **kwargs)  # type: ignore[misc]


class PlainForReaders(admin.ModelAdmin):
    """Shows those who may only look the stored fields, not those of the form alone."""

    def all_fieldsets(self, request: HttpRequest, obj: Any) -> Any:
        """What those who may change it see."""
        return super().get_fieldsets(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = self.all_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        form_only = self.form.declared_fields
        return [
            (title, {"fields": [f for f in options["fields"] if f not in form_only]})
            for title, options in fieldsets
        ]


class LabelledFormSet(BaseInlineFormSet):
    """Names the tick for deleting, which a table shows without a label."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].widget.attrs["aria-label"] = gettext(
                "Delete this row"
            )


class BoundedInline(admin.options.InlineModelAdmin):
    """Takes at most a hundred rows; a forged form of thousands is not even built."""

    max_num = 100

    def get_formset(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, absolute_max=100, **kwargs)

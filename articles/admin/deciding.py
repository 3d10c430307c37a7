"""Lists in which every row is decided by one button, or put aside."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from clinic.admin import BoundedList


class ShownFilter(admin.SimpleListFilter):
    """Shows what is to be decided, unless somebody asks for what was put aside."""

    title = _("shown")
    parameter_name = "shown"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [("ignored", _("ignored"))]

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            everything = choice["query_string"] == changelist.get_query_string(
                remove=[self.parameter_name]
            )
            yield choice | ({"display": _("not ignored")} if everything else {})

    def queryset(self, request: Any, queryset: Any) -> QuerySet:
        if self.value() == "ignored":
            return queryset.filter(ignored=True)
        return queryset.repeated()


class DecidingList(BoundedList):
    """A list of a model with ``ignored`` and ``objects.repeated()``, to decide on.

    Nothing is typed here: rows come from readers.
    """

    list_display_links = None
    list_filter = [ShownFilter]
    actions = ["ignore"]

    def ways(self, row: Any) -> list[tuple[str, str]]:
        """Return the address and the words of each button that decides a row."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are for looking at and for deciding, not for changing."""
        return obj is None and super().has_change_permission(request, obj)

    @admin.display(description=_("what to do"))
    def decide(self, row: Any) -> str:
        buttons = format_html_join(
            " ", '<a class="button" href="{}">{}</a>', self.ways(row)
        )
        return format_html(
            '<span class="decide">{} '
            '<button class="button" name="_ignore" value="{}">{}</button></span>',
            buttons,
            row.pk,
            gettext("Show again") if row.ignored else gettext("Ignore"),
        )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Put aside, or bring back, the row whose button was pressed."""
        pressed = request.POST.get("_ignore", "")
        if pressed.isdecimal() and self.has_change_permission(request):
            return self.turn(request, pressed)
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def turn(self, request: HttpRequest, key: str) -> HttpResponse:
        row = self.model._default_manager.filter(pk=key[:18]).first()
        if row is not None:
            row.ignored = not row.ignored
            with transaction.atomic():
                row.save(update_fields=["ignored"])
                self.log_change(request, row, self.decided(row.ignored))
            said = (
                gettext("“%(row)s” is ignored from now on.")
                if row.ignored
                else gettext("“%(row)s” is shown again.")
            )
            messages.success(request, said % {"row": row})
        return redirect(request.get_full_path())

    def decided(self, ignored: bool) -> str:
        return gettext("Ignore") if ignored else gettext("Show again")

    @admin.action(description=_("Ignore"), permissions=["change"])
    def ignore(self, request: HttpRequest, queryset: QuerySet) -> None:
        rows = list(queryset)
        count = queryset.update(ignored=True)
        for row in rows:
            self.log_change(request, row, self.decided(True))
        said = ngettext(
            "%(count)s row is ignored from now on.",
            "%(count)s rows are ignored from now on.",
            count,
        )
        messages.success(request, said % {"count": count})

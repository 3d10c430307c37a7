"""The log at the desk: to read, and for nobody to change."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import telling
from clinic.admin.base import BoundedList, Renamed
from clinic.audit import KINDS, name_of
from clinic.models import AuditEntry, User
from clinic.templatetags.words import in_sentence, in_words_with_time


class KindFilter(admin.SimpleListFilter):
    title = _("what")
    parameter_name = "kind"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, kind.label) for code, kind in KINDS.items()]

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class PersonFilter(admin.SimpleListFilter):
    """By account; of those that are gone, the search finds the names."""

    title = _("who")
    parameter_name = "account"
    MOST = 200

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        staff = User.objects.filter(is_staff=True).order_by("username")[: self.MOST]
        people = [(str(user.pk), name_of(user)) for user in staff]
        return [*people, ("none", _("nobody who had signed in"))]

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        value = self.value() or ""
        if value == "none":
            return queryset.filter(account=None)
        if value.isascii() and value.isdecimal():
            return queryset.filter(account=value[:18])
        return queryset


class MonthFilter(admin.SimpleListFilter):
    """By month, of the practice's clock."""

    title = _("month")
    parameter_name = "month"
    MOST = 24

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        oldest = AuditEntry.objects.values_list("at", flat=True).last()
        if oldest is None:
            return []
        first, month = month_of(timezone.localtime(oldest)), timezone.localtime()
        months: list[tuple[str, Any]] = []
        while (month := month_of(month)) >= first and len(months) < self.MOST:
            name = in_sentence(date_format(month, "F Y"))
            months.append((f"{month:%Y-%m}", name))
            month = before(month)
        return months

    def queryset(self, request: Any, queryset: QuerySet) -> QuerySet:
        try:
            chosen = datetime.strptime(self.value() or "", "%Y-%m")
        except ValueError:
            return queryset
        if chosen.year < 2000 or chosen.year > 9000:
            return queryset.none()
        first = timezone.make_aware(chosen)
        end = timezone.make_aware(after(chosen))
        return queryset.filter(at__gte=first, at__lt=end)


def month_of(day: datetime) -> datetime:
    return day.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def before(month: datetime) -> datetime:
    """Return the month before one."""
    return month.replace(
        year=month.year - (month.month == 1), month=(month.month + 10) % 12 + 1
    )


def after(month: datetime) -> datetime:
    """Return the month after one."""
    return month.replace(
        year=month.year + (month.month == 12), month=month.month % 12 + 1
    )


@admin.register(AuditEntry)
class AuditAdmin(BoundedList):
    """What was done, newest first, in sentences."""

    change_list_template = "admin/clinic/auditentry/change_list.html"
    list_display = ["moment", "sentence", "network_in_words"]
    list_display_links = ["sentence"]
    list_filter = [PersonFilter, KindFilter, MonthFilter]
    search_fields = ["name", "object_name", "network"]
    search_help_text = _("Searches names of people and of things, and networks.")
    sortable_by = ()
    actions = None
    # Its counts would count the whole log.
    show_facets = admin.ShowFacets.NEVER
    fields = ("moment", "who", "network_in_words", "more")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_delete_permission = has_change_permission

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        names = self.opts.verbose_name, _("entries of the log")
        changelist.opts = Renamed(changelist.opts, *names)  # type: ignore[assignment]
        return changelist

    def change_view(
        self,
        request: Any,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        title = {"title": capfirst(self.opts.verbose_name)}
        return super().change_view(
            request, object_id, form_url, title | (extra_context or {})
        )

    @admin.display(description=_("when"))
    def moment(self, entry: AuditEntry) -> str:
        return in_words_with_time(entry.at)

    @admin.display(description=_("what was done"))
    def sentence(self, entry: AuditEntry) -> str:
        return telling.sentence(entry)

    @admin.display(description=_("who"))
    def who(self, entry: AuditEntry) -> str:
        return entry.name or capfirst(telling.person(entry))

    @admin.display(description=_("from where"))
    def network_in_words(self, entry: AuditEntry) -> str:
        """Show the network as one; the last part of an address is never kept."""
        if not entry.network:
            return "–"
        return f"{entry.network}/{48 if ':' in entry.network else 24}"

    @admin.display(description=_("more"))
    def more(self, entry: AuditEntry) -> str:
        said = [(sentence,) for sentence in telling.details(entry)]
        if not said:
            return gettext("Nothing more was written down.")
        return format_html_join("", '<span class="told">{}</span>', said)

"""Addresses at the desk: those that nobody finds anything under, and redirects."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import get_language_from_path, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from articles.addresses import problem_with, proposal
from articles.models import Redirect
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

    @admin.display(description=_("leads to"))
    def leads_to(self, row: Redirect) -> str:
        address = row.destination()
        if address is None:
            return gettext("%(target)s (withdrawn)") % {"target": row.target}
        return format_html('<a href="{}">{}</a>', address, row.target)

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


@admin.register(MissedAddress)
class MissedAddressAdmin(BoundedList):
    """What was asked for more than once in vain; each row is decided by one button."""

    change_list_template = "admin/clinic/missedaddress/change_list.html"
    list_display = ["path", "decide", "count", "last_day", "referring_site"]
    list_display_links = None
    list_filter = [ShownFilter]
    search_fields = ["path", "referring_site"]
    actions = ["ignore"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is typed here: rows are for looking at and for deciding."""
        return obj is None and super().has_change_permission(request, obj)

    @admin.display(description=_("last time"), ordering="last_seen")
    def last_day(self, row: MissedAddress) -> str:
        return in_words(row.last_seen)

    @admin.display(description=_("what to do"))
    def decide(self, row: MissedAddress) -> str:
        add = reverse("admin:articles_redirect_add")
        return format_html(
            '<span class="decide"><a class="button" href="{}?{}">{}</a> '
            '<button class="button" name="_ignore" value="{}">{}</button></span>',
            add,
            urlencode({"path": row.path}),
            gettext("Redirect …"),
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
        row = MissedAddress.objects.filter(pk=key[:18]).first()
        if row is not None:
            row.ignored = not row.ignored
            row.save(update_fields=["ignored"])
            said = (
                gettext("“%(address)s” is ignored from now on.")
                if row.ignored
                else gettext("“%(address)s” is shown again.")
            )
            messages.success(request, said % {"address": row.path})
        return redirect(request.get_full_path())

    @admin.action(description=_("Ignore"), permissions=["change"])
    def ignore(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = queryset.update(ignored=True)
        said = ngettext(
            "%(count)s address is ignored from now on.",
            "%(count)s addresses are ignored from now on.",
            count,
        )
        messages.success(request, said % {"count": count})

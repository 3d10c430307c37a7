"""Links at the desk that lead nowhere, or elsewhere, with the sentence to mend."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.links import checking
from articles.links.web import Web
from articles.models import Article, Link, LinkPlace
from articles.models.link import TO_MEND, Kind, LinkState
from clinic.admin import BoundedList
from clinic.models import Picture
from clinic.templatetags.words import in_words

# Somebody waits for the answer (seconds).
WITHIN = 15


class StateFilter(admin.SimpleListFilter):
    """Shows what has to be mended, unless somebody asks for the rest."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [*LinkState.choices, ("every", _("all links"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield first | {"display": _("to mend")}
        yield from others

    def queryset(self, request: Any, queryset: Any) -> QuerySet:
        if self.value() == "every":
            return queryset
        states = TO_MEND if self.value() is None else [self.value()]
        return queryset.filter(link__state__in=states)


@admin.register(LinkPlace)
class LinkPlaceAdmin(BoundedList):
    change_list_template = "admin/articles/linkplace/change_list.html"
    list_display = ["shown", "state", "article_to_mend", "sentence", "decide"]
    list_display_links = None
    list_filter = [StateFilter, "part", "link__kind"]
    search_fields = ["link__address", "article__title", "sentence"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[LinkPlace]:
        rows = super().get_queryset(request)
        rows = rows.select_related("link", "article", "statement")
        return rows.defer(*(f"article__{name}" for name in Article.TEXTS))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The sentence is mended in its article, not here."""
        return obj is None and super().has_change_permission(request, obj)

    @admin.display(description=_("leads to"), ordering="link__address")
    def shown(self, place: LinkPlace) -> str:
        link = place.link
        if link.kind == Kind.PICTURE:
            picture = Picture.objects.filter(pk=link.address).first()
            return str(picture or gettext("a picture that is not here any more"))
        return format_html(
            '<a href="{0}" rel="noopener noreferrer">{0}</a>', link.address
        )

    @admin.display(description=_("state"), ordering="link__state")
    def state(self, place: LinkPlace) -> str:
        link = place.link
        said = [f"{capfirst(link.get_state_display())}."]
        if link.reason:
            said.append(str(link.reason_in_words))
        if link.failing_since:
            said.append(
                gettext("Since %(date)s.") % {"date": in_words(link.failing_since)}
            )
        if link.moved_to:
            return format_html(
                '{} <a href="{}" rel="noopener noreferrer">{}</a>',
                " ".join(said),
                link.moved_to,
                link.moved_to,
            )
        return " ".join(said)

    @admin.display(description=_("article"), ordering="article__title")
    def article_to_mend(self, place: LinkPlace) -> str:
        text: Any = place.article or place.statement
        kind = text._meta.model_name
        return format_html(
            '<a href="{}">{}</a> ({})',
            reverse(f"admin:articles_{kind}_change", args=[text.pk]),
            text,
            place.get_part_display(),
        )

    @admin.display(description=_("what to do"))
    def decide(self, place: LinkPlace) -> str:
        return format_html(
            '<span class="decide"><button class="button" name="_check" value="{}">{}'
            "</button></span>",
            place.link_id,
            gettext("Check again"),
        )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Check the one link whose button was pressed."""
        pressed = request.POST.get("_check", "")
        if pressed.isdecimal() and self.has_change_permission(request):
            return self.check_again(request, pressed)
        context = {
            "title": capfirst(self.opts.verbose_name_plural),
            "never_checked": not Link.objects.exclude(checked_at=None).exists(),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def check_again(self, request: HttpRequest, key: str) -> HttpResponse:
        link = Link.objects.filter(pk=key[:18]).first()
        if link is not None:
            checking.check(link, self.web())
            said = gettext("%(address)s: %(state)s.") % {
                "address": link.address,
                "state": link.get_state_display(),
            }
            messages.success(request, said)
        return redirect(request.get_full_path())

    def web(self) -> Web:
        return Web(checking.agent(), pause=0, pauses=(), within=WITHIN)

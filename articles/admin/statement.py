"""The statements on privacy and accessibility at the desk."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.models import Statement
from articles.proofreading import advice_on
from clinic.admin import PlainForReaders
from clinic.admin.base import Logged
from clinic.forms import LabelledForm, VersionedForm
from clinic.models import Practice
from clinic.templatetags.words import in_words


class StatementForm(VersionedForm, LabelledForm):
    """Shows the portal's own text while nobody has written another."""

    restore = forms.BooleanField(
        required=False,
        label=_("Use the portal’s own text again"),
        help_text=_("When you save, what stands above is removed."),
    )

    class Meta:
        model = Statement
        fields = ["body"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.practice = Practice.objects.current()
        if not self.instance.body:
            self.initial["body"] = self.instance.own_text(self.practice)

    def clean_body(self) -> str:
        """Keep nothing of an unchanged own text: it goes on following the portal."""
        body = self.cleaned_data["body"]
        return "" if self.instance.is_own_text(body, self.practice) else body

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("restore"):
            self.cleaned_data["body"] = ""
        return cleaned


@admin.register(Statement)
class StatementAdmin(Logged, PlainForReaders):
    form = StatementForm
    list_display = ["kind", "language", "state"]
    sortable_by = ()
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        """List every statement in every language, written or not."""
        if self.has_view_or_change_permission(request):
            Statement.objects.fill_in()
        return super().changelist_view(request, extra_context)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = ["seen_version", "state", "body"]
        return [*fields, "restore"] if obj and obj.body else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["state"]

    @admin.display(description=_("state"))
    def state(self, statement: Statement) -> str:
        if not statement.body:
            return gettext("the portal’s own text")
        return gettext("edited on %(date)s") % {"date": in_words(statement.updated_at)}

    def view_on_site(self, statement: Statement) -> str:
        return statement.get_absolute_url()

    def response_change(self, request: HttpRequest, obj: Statement) -> HttpResponse:
        advice = advice_on(obj.body)
        if advice:
            messages.warning(request, advice)
        sentence = (
            gettext("Saved. Readers now find your text:")
            if obj.body
            else gettext("Saved. Readers now find the portal’s own text:")
        )
        messages.success(
            request,
            format_html(
                '{} <a href="{}">{}</a>', sentence, obj.get_absolute_url(), obj
            ),
        )
        if "_continue" in request.POST:
            return redirect("admin:articles_statement_change", obj.pk)
        return redirect("admin:articles_statement_changelist")

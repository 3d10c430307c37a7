"""The practice at the desk: everything about it on one page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import hours
from clinic.admin.base import Logged, PicturesOnlyOnSuccess, PlainForReaders
from clinic.admin.contact import DoctorInline, EmailInline, LocationInline, PhoneInline
from clinic.admin.opening import ClosureInline, HoursInline, NoticeInline
from clinic.forms import WIDGETS, LabelledForm, VersionedForm
from clinic.models import Practice
from clinic.templatetags.words import in_words


class PracticeForm(VersionedForm, LabelledForm):
    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        country, region = str(cleaned.get("country") or ""), cleaned.get("region", "")
        if region and not hours.is_known(country, region):
            self.add_error(
                "region",
                _(
                    "“%(region)s” is no region with public holidays of its own in that "
                    "country. Leave it empty to count the national ones."
                )
                % {"region": region},
            )
        return cleaned

    def clean_region(self) -> str:
        return self.cleaned_data["region"].strip().upper()


@admin.register(Practice)
class PracticeAdmin(Logged, PicturesOnlyOnSuccess, PlainForReaders):
    form = PracticeForm
    formfield_overrides = WIDGETS
    readonly_fields = ["coming_holidays"]
    fieldsets = [
        (None, {"fields": ["seen_version", "name", "tagline", "is_sample"]}),
        (_("First page"), {"fields": ["introduction", "first_visit"]}),
        (
            _("Country"),
            {
                "fields": [
                    "country", "region", "closed_on_holidays", "coming_holidays",
                    "emergency_number",
                ]
            },
        ),
        (
            _("Articles"),
            {
                "fields": [
                    "four_eyes", "review_months", "review_grace_days", "disclosure",
                ]
            },
        ),
        (
            _("Legal details"),
            {
                "fields": [
                    "legal_name", "vat_number", "professional_rules_url",
                    "guideline_declaration", "notice_reference", "insurance",
                    "legal_more",
                ]
            },
        ),
    ]  # fmt: skip
    inlines = [
        NoticeInline,
        PhoneInline,
        EmailInline,
        LocationInline,
        HoursInline,
        ClosureInline,
        DoctorInline,
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Practice.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """There is always one practice; its parts are deleted one by one."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        """Go straight to the one practice, or to the form that begins it."""
        if not self.has_view_or_change_permission(request):
            return super().changelist_view(request, extra_context)
        if Practice.objects.filter(pk=Practice.ONLY).exists():
            return redirect("admin:clinic_practice_change", Practice.ONLY)
        return redirect("admin:clinic_practice_add")

    @admin.display(description=_("the next public holidays"))
    def coming_holidays(self, practice: Practice) -> str:
        """Show what the choice of country and region means."""
        today = timezone.localdate()
        of_year = practice.holidays()
        days = [*of_year(today.year).items(), *of_year(today.year + 1).items()]
        coming = sorted((day, name) for day, name in days if day >= today)[:4]
        if not coming:
            return gettext("None are counted.")
        return format_html_join(
            mark_safe("<br>"),
            "{}: {}",
            ((in_words(day), name) for day, name in coming),
        )

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        obj.pk = Practice.ONLY
        super().save_model(request, obj, form, change)

    def response_post_save_change(self, request: Any, obj: Any) -> Any:
        return redirect("admin:index")

    def view_on_site(self, obj: Practice) -> str:
        return reverse("clinic:contact")

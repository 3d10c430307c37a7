"""The practice at the desk: everything about it on one page."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import TimeField
from django.forms import BaseInlineFormSet, TimeInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import pictures
from clinic.forms import WIDGETS, LabelledForm, PictureForm, VersionedForm
from clinic.models import (
    Doctor,
    Email,
    Location,
    OpeningHours,
    Phone,
    Picture,
    Practice,
    User,
)


class BoundedSearch(admin.ModelAdmin):
    """Looks for ten words at most: each is one more level of the query."""

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> Any:
        words = " ".join(search_term.split()[:10])
        return super().get_search_results(request, queryset, words)


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(BoundedSearch, GroupAdmin):
    pass


class PasswordForm(AdminPasswordChangeForm):
    """A new password for somebody; without the choice of having none.

    That choice is for sign-in by other means, and its help text is invalid HTML.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)


@admin.register(User)
class AccountAdmin(BoundedSearch, UserAdmin):
    change_password_form = PasswordForm
    readonly_fields = ["last_login", "date_joined"]


class PicturesOnlyOnSuccess:
    """Removes the files of new pictures when saving breaks off with an error."""

    def changeform_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        with pictures.kept_only_on_success():
            return super().changeform_view(*args, **kwargs)  # type: ignore[misc]


class PlainForReaders(admin.ModelAdmin):
    """Shows those who may only look the stored fields, not those of the form alone."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
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


class PracticeInline(BoundedInline, admin.StackedInline):
    form = LabelledForm
    formset = LabelledFormSet
    extra = 0
    view_on_site = False
    formfield_overrides = WIDGETS

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Ask for the doctor or the location only where there are several."""
        fields = list(super().get_fields(request, obj))
        for name, model in (("doctor", Doctor), ("location", Location)):
            if name in fields and model.objects.count() < 2:
                fields.remove(name)
        return fields


class PhoneFormSet(LabelledFormSet):
    """Refuses a number twice; in the database two rows could never swap theirs."""

    def clean(self) -> None:
        super().clean()
        numbers = set()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            number = data.get("number")
            if not number or data.get("DELETE"):
                continue
            if number in numbers:
                form.add_error("number", _("This number is already in the list."))
            numbers.add(number)


class PhoneInline(PracticeInline):
    model = Phone
    formset = PhoneFormSet
    fields = [
        "number", "kind", "purpose", "answered_by", "answered_when", "in_header",
        "doctor", "location", "position",
    ]  # fmt: skip


class EmailInline(PracticeInline):
    model = Email
    fields = [
        "address", "purpose", "answered_by", "answered_when", "doctor", "location",
        "position",
    ]  # fmt: skip


class DoctorInline(PracticeInline):
    model = Doctor
    autocomplete_fields = ["portrait"]
    fields = [
        "title", "first_name", "last_name", "slug", "speciality", "registration",
        "about", "portrait", "portrait_alt", "position",
    ]  # fmt: skip
    prepopulated_fields = {"slug": ["first_name", "last_name"]}


class LocationInline(PracticeInline):
    model = Location
    fields = [
        "name", "street", "postal_code", "city", "directions", "access", "position",
    ]  # fmt: skip


class HoursForm(LabelledForm):
    class Meta:
        model = OpeningHours
        fields = ["weekday", "opens", "closes", "by_appointment", "location"]
        # The browser's own field instead of the admin's clock, which thinks in
        # the server's hours and asks for seconds.
        widgets = {
            name: TimeInput(attrs={"type": "time"}, format="%H:%M")
            for name in ("opens", "closes")
        }


class HoursFormSet(LabelledFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [
            form.instance
            for form in self.forms
            if form.is_valid()
            and form.has_changed() | bool(form.instance.pk)
            and not form.cleaned_data.get("DELETE")
        ]
        for number, one in enumerate(kept):
            for other in kept[number + 1 :]:
                same_place = (
                    None in {one.location_id, other.location_id}
                    or one.location_id == other.location_id
                )
                if (
                    same_place
                    and one.weekday == other.weekday
                    and one.opens < other.closes
                    and other.opens < one.closes
                ):
                    raise ValidationError(
                        _("Two rows overlap: %(one)s and %(other)s."),
                        params={"one": one, "other": other},
                    )


class HoursInline(PracticeInline, admin.TabularInline):
    template = "admin/edit_inline/tabular.html"
    model = OpeningHours
    form = HoursForm
    formfield_overrides = {**WIDGETS, TimeField: {}}
    formset = HoursFormSet
    fields = ["weekday", "opens", "closes", "by_appointment", "location"]


@admin.register(Practice)
class PracticeAdmin(PicturesOnlyOnSuccess, PlainForReaders):
    form = type("PracticeForm", (VersionedForm, LabelledForm), {})
    formfield_overrides = WIDGETS
    fieldsets = [
        (None, {"fields": ["seen_version", "name", "tagline", "is_sample"]}),
        (_("First page"), {"fields": ["introduction", "first_visit"]}),
        (_("Legal details"), {"fields": ["vat_number"]}),
    ]
    inlines = [PhoneInline, EmailInline, LocationInline, HoursInline, DoctorInline]

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

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        obj.pk = Practice.ONLY
        super().save_model(request, obj, form, change)

    def response_post_save_change(self, request: Any, obj: Any) -> Any:
        return redirect("admin:index")

    def view_on_site(self, obj: Practice) -> str:
        return reverse("clinic:contact")


@admin.register(Picture)
class PictureAdmin(PicturesOnlyOnSuccess, BoundedSearch):
    form = PictureForm
    list_display = ["thumbnail", "name", "measures", "uploaded_at"]
    list_display_links = ["name"]
    search_fields = ["name"]
    readonly_fields = ["shown", "measures", "uploaded_at"]
    list_per_page = 50

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is None:
            return ["upload", "name", "is_drawing"]
        return ["shown", "name", "is_drawing", "measures", "uploaded_at"]

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.use(form.cleaned_data["upload"])
        super().save_model(request, obj, form, change)

    @admin.display(description=_("picture"))
    def thumbnail(self, picture: Picture) -> str:
        return format_html(
            '<img class="thumbnail" src="{}" alt="" loading="lazy">', picture.thumbnail
        )

    @admin.display(description=_("picture"))
    def shown(self, picture: Picture) -> str:
        return format_html('<img class="shown" src="{}" alt="">', picture.src)

    @admin.display(description=_("size in pixels"))
    def measures(self, picture: Picture) -> str:
        return f"{picture.width} × {picture.height}"

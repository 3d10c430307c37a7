"""The rows of the practice’s page: numbers, e-mails, locations, doctors."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinic.admin.base import BoundedInline, LabelledFormSet
from clinic.forms import WIDGETS, LabelledForm, TickGroup
from clinic.models import Doctor, Email, Location, Phone
from clinic.models.contact import spoken_languages


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


class PhoneForm(LabelledForm):
    languages = forms.MultipleChoiceField(
        label=_("Languages spoken"),
        help_text=_("In which languages people can speak with whoever answers."),
        choices=spoken_languages,
        required=False,
        widget=TickGroup(attrs={"class": "spoken"}),
    )


class PhoneInline(PracticeInline):
    model = Phone
    form = PhoneForm
    formset = PhoneFormSet
    fields = [
        "number", "kind", "purpose", "answered_by", "answered_when", "languages",
        "in_header", "doctor", "location", "position",
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
        "title", "first_name", "last_name", "slug", "speciality", "specialisations",
        "degree", "licence", "registration_body", "registration_number",
        "title_country", "about", "portrait", "portrait_alt", "position",
    ]  # fmt: skip
    prepopulated_fields = {"slug": ["first_name", "last_name"]}


class LocationInline(PracticeInline):
    model = Location
    autocomplete_fields = ["map_picture"]
    fields = [
        "name", "street", "postal_code", "city", "province", "directions", "parking",
        "access", "latitude", "longitude", "map_picture", "map_description",
        "position",
    ]  # fmt: skip

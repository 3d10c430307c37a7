"""The rows of the practice’s page: hours, closures, notices."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic import hours
from clinic.admin.base import LabelledFormSet
from clinic.admin.contact import PracticeInline
from clinic.forms import LabelledForm, MomentField, moment_input
from clinic.models import Closure, Notice, OpeningHours


# The browser's own fields instead of the admin's calendar and clock, which think in
# the server's hours and ask for seconds.
def day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def time_input() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class HoursForm(LabelledForm):
    class Meta:
        model = OpeningHours
        fields = [
            "weekday", "opens", "closes", "by_appointment", "valid_from",
            "valid_until", "location",
        ]  # fmt: skip
        widgets = {
            "opens": time_input(),
            "closes": time_input(),
            "valid_from": day_input(),
            "valid_until": day_input(),
        }


def count_together(one: OpeningHours, other: OpeningHours) -> bool:
    """Say whether there may be a day on which both rows are in force.

    Of two periods only the shorter is, see ``clinic.hours.Schedule``.
    """
    same_place = one.location_id == other.location_id or None in {
        one.location_id,
        other.location_id,
    }
    return same_place and hours.period(one) == hours.period(other)


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
                if (
                    count_together(one, other)
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
    formset = HoursFormSet
    fields = [
        "weekday", "opens", "closes", "by_appointment", "valid_from", "valid_until",
        "location",
    ]  # fmt: skip


class ClosureForm(LabelledForm):
    class Meta:
        model = Closure
        fields = ["first_day", "last_day", "reason", "location"]
        widgets = {"first_day": day_input(), "last_day": day_input()}


class ClosureInline(PracticeInline):
    model = Closure
    form = ClosureForm
    fields = [("first_day", "last_day"), "reason", "location"]


class NoticeForm(LabelledForm):
    class Meta:
        model = Notice
        fields = ["text", "starts_at", "ends_at", "location"]
        field_classes = {"starts_at": MomentField, "ends_at": MomentField}
        widgets = {"starts_at": moment_input(), "ends_at": moment_input()}

    def clean_text(self) -> Any:
        """Ask for every language: a notice is for everybody who comes by."""
        text = self.cleaned_data["text"]
        names = dict(settings.LANGUAGES)
        missing = [str(name) for code, name in names.items() if not text.data.get(code)]
        if missing:
            raise ValidationError(
                _("Please write the notice in every language; missing: %(languages)s."),
                params={"languages": ", ".join(missing)},
            )
        return text


class NoticeInline(PracticeInline):
    model = Notice
    form = NoticeForm
    fields = ["text", ("starts_at", "ends_at"), "location"]

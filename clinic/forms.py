"""What the forms of the desk have in common."""

from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from i18nfield.fields import I18nCharField, I18nTextField
from i18nfield.forms import I18nFormField, I18nTextarea, I18nTextInput
from phonenumber_field.formfields import PhoneNumberField as LibraryPhoneField
from phonenumber_field.modelfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber

from clinic import pictures
from clinic.models import Picture
from clinic.moments import change, moments
from clinic.phones import parse_phone
from clinic.templatetags.words import in_words


class LanguageInputs:
    """Shows one input for each language, each with the language's name beside it."""

    locales: list[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The library would name the language in a placeholder, which vanishes.
        super().__init__(*args, **kwargs | {"attrs": {"placeholder": ""}})

    def use_required_attribute(self, initial: Any) -> bool:
        """Leave it to the server: one language is enough."""
        return False

    def format_output(self, rendered_widgets: Sequence[str], id_: str) -> str:
        names = dict(settings.LANGUAGES)
        rows = zip(self.locales, rendered_widgets, strict=True)
        return format_html(
            '<div class="languages">{}</div>',
            format_html_join(
                "",
                '<div class="languages__row">'
                '<span class="languages__name" aria-hidden="true">{}</span>{}</div>',
                ((names[code], widget) for code, widget in rows),
            ),
        )


class LanguageTextInput(LanguageInputs, I18nTextInput):
    pass


class LanguageTextarea(LanguageInputs, I18nTextarea):
    pass


class PhoneField(LibraryPhoneField):
    """A phone number, refused with a sentence that says what is wrong with it."""

    widget = forms.TextInput
    default_validators: list[Any] = []

    def __init__(self, **kwargs: Any) -> None:
        kwargs["widget"] = forms.TextInput(
            attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}
        )
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return self.empty_value
        if isinstance(value, PhoneNumber):
            return value
        return parse_phone(str(value), settings.PHONENUMBER_DEFAULT_REGION)

    def prepare_value(self, value: Any) -> Any:
        return value.as_international if isinstance(value, PhoneNumber) else value


def moment_input() -> forms.DateTimeInput:
    """The browser's own field, to the minute; the admin's asks for seconds."""
    return forms.DateTimeInput(
        attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
    )


class MomentField(forms.DateTimeField):
    """A day and a time by the practice's clock, to the minute; gives a moment in UTC.

    A time that the clocks skip or show twice is refused with a sentence that tells of
    that night. Moments are in UTC so that two of them compare rightly.
    """

    widget = moment_input()
    # What browsers send; where they have no such field, what people type. Django's
    # own formats would read 8/11 as 11 August on an English page.
    input_formats = [
        "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f",
        "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M",
    ]  # fmt: skip
    default_error_messages = {
        "invalid": _("Please type the day and the time like 27/03/2027 14:30."),
        "skipped": _(
            "On %(date)s the clocks go forward from %(before)s to %(after)s: %(time)s "
            "does not exist. Please choose %(after)s or later."
        ),
        "doubled": _(
            "On %(date)s the clocks go back from %(before)s to %(after)s: %(time)s "
            "comes twice. Please choose a time before %(after)s, or %(before)s or "
            "later."
        ),
    }

    def to_python(self, value: Any) -> datetime | None:
        if isinstance(value, datetime) and timezone.is_aware(value):
            return value
        if value is None or not str(value).strip():
            return None
        wall, zone = self.wall(value), timezone.get_current_timezone()
        named = moments(wall, zone)
        if len(named) != 1:
            code = "doubled" if named else "skipped"
            raise ValidationError(
                self.error_messages[code], code=code, params=night(wall, zone)
            )
        return named[0]

    def wall(self, value: Any) -> datetime:
        """Read what was typed, without asking which moment it is."""
        wall = value if isinstance(value, datetime) else self.read(str(value).strip())
        if wall.year in {MINYEAR, MAXYEAR}:
            # Their ends lie outside the calendar in another zone.
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return wall.replace(second=0, microsecond=0)

    def read(self, text: str) -> datetime:
        for shape in self.input_formats:
            try:
                return datetime.strptime(text, shape)
            except ValueError:
                continue
        raise ValidationError(self.error_messages["invalid"], code="invalid")


def night(wall: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Return the words for a time that is skipped or doubled, and for its night."""
    before, after = change(wall, zone) or (wall, wall)
    times = {"time": wall, "before": before, "after": after}
    return {
        "date": in_words(wall.date()),
        **{name: time_format(time.time(), "G:i") for name, time in times.items()},
    }


class MomentForm(forms.Form):
    """Asks for a moment; in the hour that comes twice also which of the two.

    ``cleaned_data["moment"]`` is aware, or None if nothing was typed. ``occurrence`` is
    meant to be shown where ``asks_which``, and counts only there.
    """

    must_be_future = True

    moment = MomentField(
        label=_("Day and time"),
        required=False,
        error_messages={
            "doubled": _(
                "On %(date)s the clocks go back from %(before)s to %(after)s: %(time)s "
                "comes twice. Please choose below which of the two you mean."
            )
        },
    )
    occurrence = forms.ChoiceField(
        label=_("Which of the two"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("1", _("the first time (summer time)")),
            ("2", _("the second time (winter time)")),
        ],
    )

    @property
    def asks_which(self) -> bool:
        """Say whether the time that was typed comes twice, chosen already or not."""
        try:
            self.fields["moment"].clean(self["moment"].data)
        except ValidationError as refusal:
            return refusal.code == "doubled"
        return False

    def clean(self) -> dict[str, Any]:
        super().clean()
        # Whatever is wrong with the choice, the sentence beside the time asks for it.
        self.errors.pop("occurrence", None)
        chosen = self.cleaned_data.get("occurrence")
        if chosen and self.has_error("moment", "doubled"):
            del self.errors["moment"]
            self.cleaned_data["moment"] = self.time_of(int(chosen))
        self.refuse_past()
        return self.cleaned_data

    def time_of(self, occurrence: int) -> datetime:
        """Return the first or second moment at which clocks show what was typed."""
        field: Any = self.fields["moment"]
        wall = field.wall(self["moment"].data)
        return moments(wall, timezone.get_current_timezone())[occurrence - 1]

    def refuse_past(self) -> None:
        moment = self.cleaned_data.get("moment")
        if self.must_be_future and moment and moment <= timezone.now():
            self.add_error(
                "moment",
                ValidationError(
                    _(
                        "This time has passed. Leave it empty to do it now, or choose "
                        "a later one."
                    ),
                    code="past",
                ),
            )


class WhenForm(MomentForm):
    """Asks whether something happens now or at a chosen moment.

    A time that is half typed reaches the server empty: it must not mean "now".
    """

    when = forms.ChoiceField(
        label=_("When"),
        choices=[
            ("now", pgettext_lazy("moment", "now")),
            ("later", _("at a chosen time")),
        ],
        widget=forms.RadioSelect,
        initial="now",
        error_messages={"required": _("Please choose when.")},
    )
    field_order = ["when", "moment", "occurrence"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        later = cleaned.get("when") == "later"
        if later and not cleaned.get("moment") and not self.has_error("moment"):
            self.add_error("moment", _("Please type the day and the time."))
        if cleaned.get("when") == "now" and (self["moment"].data or "").strip():
            self.add_error(
                "when",
                _(
                    "There is a time as well. Please choose “at a chosen time”, or "
                    "empty the time."
                ),
            )
        return cleaned


WIDGETS: dict[Any, dict[str, Any]] = {
    I18nCharField: {"widget": LanguageTextInput},
    I18nTextField: {"widget": LanguageTextarea},
    PhoneNumberField: {"form_class": PhoneField},
}


class ChoiceGroup(forms.RadioSelect):
    """Choices with a name for all of them: the admin shows no fieldset around them."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Leave each choice its own label; the name is that of the group."""
        option = super().create_option(*args, **kwargs)
        option["attrs"].pop("aria-label", None)
        return option

    def render(self, *args: Any, **kwargs: Any) -> Any:
        return format_html(
            '<div class="choices" role="group" aria-label="{}">{}</div>',
            self.attrs.get("aria-label", ""),
            super().render(*args, **kwargs),
        )


class TickGroup(ChoiceGroup, forms.CheckboxSelectMultiple):
    """The same for ticks."""


class LabelledForm(forms.ModelForm):
    """Names every input for screen readers, also in tables and language by language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(settings.LANGUAGES)
        for field in self.fields.values():
            if isinstance(field, I18nFormField):
                field.required = field.one_required  # the admin's bold label
                for code, widget in zip(
                    field.widget.locales, field.widget.widgets, strict=True
                ):
                    widget.attrs["aria-label"] = f"{field.label} – {names[code]}"
            else:
                # The admin wraps selects, and the wrapper's attributes go nowhere.
                inner: Any = getattr(field.widget, "widget", field.widget)
                inner.attrs.setdefault("aria-label", str(field.label or ""))


class VersionedForm(forms.ModelForm):
    """Refuses to overwrite what somebody else saved since this form was opened.

    The comparison is safe because the admin saves in one transaction that has locked
    the row (PostgreSQL) or begun as a writer (SQLite) by then. ``conflict`` is then
    the row as the other person saved it.
    """

    seen_version = forms.IntegerField(
        label=_("Version seen"), widget=forms.HiddenInput, required=False
    )
    conflict: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk:
            rows = self._meta.model._default_manager.select_for_update()
            stored = rows.filter(pk=self.instance.pk).first()
            if stored:
                self.compare_with(stored)
                self.keep_the_rest(stored)
                self.instance.version = stored.version + 1
        return cleaned

    def keep_the_rest(self, stored: Any) -> None:
        """Write back what the form does not hold as it is by now.

        Not every step makes a version: a review leaves the one that is being typed.
        """
        for field in stored._meta.concrete_fields:
            if field.name not in self.fields:
                setattr(self.instance, field.attname, getattr(stored, field.attname))

    def compare_with(self, stored: Any) -> None:
        """Refuse the form if that row is not the one that it was opened with."""
        seen = stored.version == self.cleaned_data.get("seen_version")
        if not seen and not self.overwrites(stored):
            self.conflict = stored
            self.add_error(None, ValidationError(self.conflict_message, "conflict"))

    def overwrites(self, stored: Any) -> bool:
        """Whether the person has seen that row and wants this one in its place."""
        return False

    conflict_message: Any = _(
        "Somebody else has saved this in the meantime. Your text is still here, "
        "nothing is lost: open this page in a second window to see theirs, copy your "
        "changes into that window, and save there."
    )


class PictureUploadField(forms.FileField):
    """A picture file; gives the checked and redrawn ``Renditions``."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {
            "accept": "image/jpeg,image/png,image/webp,image/avif",
            # Said before a minute of uploading, where the desk's script runs.
            "data-largest": pictures.MAX_BYTES,
            "data-too-heavy": pictures.TOO_HEAVY,
        }
        super().__init__(widget=forms.FileInput(attrs=attrs), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        upload = super().clean(data, initial)
        return Picture.objects.rendered(upload) if upload else None


class PictureForm(forms.ModelForm):
    """A picture of the library. The file is given once; a new file is a new picture."""

    upload = PictureUploadField(
        label=_("file"),
        help_text=_(
            "JPEG, PNG, WebP or AVIF, at most 25 MB and 40 million pixels. What the "
            "camera wrote into it, such as the place, is removed."
        ),
    )

    class Meta:
        model = Picture
        fields = ["name", "is_drawing"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields.pop("upload", None)


class PictureChoiceForm(forms.ModelForm):
    """Adds ``picture_upload`` to a form with a ``picture``: choose one or upload one.

    A good upload enters the library at once, so that a form refused for another
    reason does not lose it.
    """

    def clean_picture_upload(self) -> None:
        renditions = self.cleaned_data["picture_upload"]
        if not renditions:
            return
        upload: Any = self.files[self.add_prefix("picture_upload")]
        picture = Picture.objects.create_from(
            renditions, name=(upload.name or "").rpartition(".")[0] or str(_("Picture"))
        )
        data: Any = self.data
        self.data = data.copy()
        self.data[self.add_prefix("picture")] = str(picture.pk)  # type: ignore[index]
        self.cleaned_data["picture"] = picture

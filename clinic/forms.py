"""What the forms of the desk have in common."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField
from i18nfield.forms import I18nFormField, I18nTextarea, I18nTextInput
from phonenumber_field.formfields import PhoneNumberField as LibraryPhoneField
from phonenumber_field.modelfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber

from clinic import pictures
from clinic.models import Picture
from clinic.phones import parse_phone


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


WIDGETS: dict[Any, dict[str, Any]] = {
    I18nCharField: {"widget": LanguageTextInput},
    I18nTextField: {"widget": LanguageTextarea},
    PhoneNumberField: {"form_class": PhoneField},
    models.URLField: {"assume_scheme": "https"},  # as in Django 6
}


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
    the row (PostgreSQL) or begun as a writer (SQLite) by then.
    """

    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk:
            rows = self._meta.model._default_manager.select_for_update()
            stored = rows.filter(pk=self.instance.pk).first()
            if stored and stored.version != self.cleaned_data.get("seen_version"):
                self.add_error(
                    None,
                    ValidationError(
                        _(
                            "Somebody else has saved this in the meantime. Your text "
                            "is still here, nothing is lost: open this page in a "
                            "second window to see theirs, copy your changes into that "
                            "window, and save there."
                        ),
                        code="conflict",
                    ),
                )
            if stored:
                self.instance.version = stored.version + 1
        return cleaned


class PictureUploadField(forms.FileField):
    """A picture file; gives the checked and redrawn ``Renditions``."""

    def __init__(self, **kwargs: Any) -> None:
        accept = "image/jpeg,image/png,image/webp,image/avif"
        super().__init__(widget=forms.FileInput(attrs={"accept": accept}), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        upload = super().clean(data, initial)
        return pictures.render(upload) if upload else None


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

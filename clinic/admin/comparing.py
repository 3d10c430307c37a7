"""Nobody overwrites unseen what a colleague has saved meanwhile."""

import hashlib
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from clinic.forms import VersionedForm


def digest(row: Any, names: Any) -> str:
    """Return what stands for the stored values of those fields; "" of no row."""
    if row is None or row.pk is None:
        return ""
    kept = hashlib.sha256()
    for name in sorted(names):
        field = row._meta.get_field(name)
        value = field.value_from_object(row)
        if field.many_to_many:
            value = sorted(other.pk for other in value)
        else:
            value = field.get_prep_value(value)
        kept.update(f"{name}={value!r};".encode())
    return kept.hexdigest()[:32]


class ComparedForm(forms.ModelForm):
    """Refuses to save if the row is not the one that this form was opened with.

    For models without a version of their own. The page carries ``seen`` in a field
    without a name in the form; what was sent without it comes from no page.
    """

    def own_fields(self) -> list[str]:
        known = {field.name for field in self._meta.model._meta.get_fields()}
        return [
            name
            for name, field in self.fields.items()
            if name in known and not field.disabled
        ]

    @property
    def seen(self) -> str:
        """What the page carries: of what was sent if the form comes back refused."""
        sent = self.data.get("_seen") if self.is_bound else None
        return sent or digest(self.stored(), self.own_fields())

    def stored(self) -> Any:
        rows = self._meta.model._default_manager.filter(pk=self.instance.pk)
        return rows.first() if self.instance.pk else None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        seen = self.data.get("_seen")
        if seen and self.instance.pk:
            # The admin saves in one transaction; from here on nobody else does.
            rows = self._meta.model._default_manager.select_for_update()
            there = digest(rows.filter(pk=self.instance.pk).first(), self.own_fields())
            if there and there != seen:
                raise ValidationError(VersionedForm.conflict_message, "conflict")
        return cleaned


class Compared(admin.ModelAdmin):
    """Lets the forms of a model without a version be compared before they save."""

    def get_form(
        self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if issubclass(form, VersionedForm) or obj is None:
            return form
        return type(form.__name__, (ComparedForm, form), {})

"""Who changes what an account may do has just typed his own password, or types it now.

A desk that stands open, or a stolen session, gives nobody any power (OWASP ASVS 5.0,
7.5.1). The question stands in the form itself: what was typed beside it is not lost.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.signing_in import pending
from clinic.signing_in.forms import PasswordAgain
from clinic.unsaved import OWN_PASSWORD


def asks(request: HttpRequest) -> bool:
    """Say whether the password is asked for; the same answer all through a request."""
    return vars(request).setdefault("asks_for_password", not pending.is_sure(request))


class ConfirmedForm(forms.ModelForm):
    """Asks for the password of whoever saves, if one of the powers is another."""

    request: HttpRequest
    powers: tuple[str, ...] = ()

    own_password = forms.CharField(
        label=_("Your own password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Only if you change what an account may do."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What is new gives nobody anything yet.
        if self.instance._state.adding or not asks(self.request):
            del self.fields[OWN_PASSWORD]

    @cached_property
    def changed_data(self) -> list[str]:
        """Leave the password out: nothing of the row is another by it."""
        return [name for name in super().changed_data if name != OWN_PASSWORD]

    def clean(self) -> Any:
        cleaned = super().clean()
        if OWN_PASSWORD in self.fields and not {*self.powers}.isdisjoint(
            self.changed_data
        ):
            self.confirm(self.cleaned_data.get(OWN_PASSWORD) or "")
        return cleaned

    def confirm(self, password: str) -> None:
        if not password:
            self.add_error(
                OWN_PASSWORD,
                gettext(
                    "You change what an account may do: please type your own password."
                ),
            )
            return
        user: Any = self.request.user
        again = PasswordAgain(self.request, user, {"password": password})
        if again.is_valid():
            pending.become_sure(self.request)
        for error in again.errors.get("password", ()):
            self.add_error(OWN_PASSWORD, str(error))


class Confirms(admin.ModelAdmin):
    """Puts that question at the end of the form of a row that is there already."""

    # What decides what an account may do.
    POWERS: tuple[str, ...] = ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if not issubclass(form, ConfirmedForm):
            return form
        return type(form.__name__, (form,), {"request": request, "powers": self.POWERS})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            name for name in super().get_fields(request, obj) if name != OWN_PASSWORD
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.with_question(request, obj, super().get_fieldsets(request, obj))

    def with_question(self, request: HttpRequest, obj: Any, fieldsets: Any) -> Any:
        is_changed = obj is not None and self.has_change_permission(request, obj)
        if not is_changed or not asks(request):
            return fieldsets
        return [*fieldsets, (_("Is it you?"), {"fields": [OWN_PASSWORD]})]

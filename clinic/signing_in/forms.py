"""What people type to sign in, and to change how they do."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from clinic import audit, origin
from clinic.models import User
from clinic.signing_in import codes, throttle

logger = logging.getLogger(__name__)


def wait(counts: list[throttle.Count], request: HttpRequest) -> None:
    """Take a guess; raise ValidationError, the same for everybody, if there is none."""
    remaining = throttle.take(counts)
    if remaining is None:
        return
    logger.warning(
        "Too many wrong guesses from %s",
        origin.network_of(request),
    )
    minutes = -(-remaining // timedelta(minutes=1))
    raise ValidationError(
        ngettext(
            "That was wrong too often. Please try again in %(minutes)s minute.",
            "That was wrong too often. Please try again in %(minutes)s minutes.",
            minutes,
        )
        % {"minutes": minutes},
        code="wait",
    )


@contextmanager
def guessing(
    request: HttpRequest, user: User, counts: list[throttle.Count]
) -> Iterator[None]:
    """Count what is tried inside as a guess, and write down one that is wrong.

    Wrong is what raises ValidationError; that is raised too where nobody may guess now.
    """
    wait(counts, request)
    try:
        yield
    except ValidationError:
        audit.record(user, "SIGN_IN_FAILED")
        if throttle.is_locked(counts):
            audit.record(user, "LOCKED")
        logger.warning(
            "Wrong code or password for account %s from %s",
            user.pk,
            origin.network_of(request),
        )
        raise
    throttle.give_back(counts)


class NameAndPassword(AdminAuthenticationForm):
    """The first step. A wrong password costs one of a few guesses."""

    error_messages = AdminAuthenticationForm.error_messages | {
        "invalid_login": _(
            "Name and password do not match. Please try again; mind capital letters."
        )
    }

    def clean(self) -> Any:
        name, password = (self.cleaned_data.get(k) for k in ("username", "password"))
        if not name or not password or self.request is None:
            return self.cleaned_data
        counts = throttle.of_password(self.request, name)
        wait(counts, self.request)
        try:
            cleaned = super().clean()
        except ValidationError:
            if throttle.is_locked(counts):
                user = User.objects.filter(username=name).first()
                audit.record(user or AnonymousUser(), "LOCKED")
            logger.warning(
                "Wrong name or password from %s",
                origin.network_of(self.request),
            )
            raise
        throttle.give_back(counts)
        return cleaned

    def get_invalid_login_error(self) -> ValidationError:
        return ValidationError(
            self.error_messages["invalid_login"], code="invalid_login"
        )


class OneField(forms.Form):
    """A form of one field for somebody who is known."""

    def __init__(self, request: HttpRequest, user: User, *args: Any) -> None:
        super().__init__(*args)
        self.request, self.user = request, user


class Code(OneField):
    """A code of the app, or one of those on paper."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
    )
    by = ""

    def clean_code(self) -> str:
        counts = throttle.of_code(self.request, self.user.get_username())
        code = self.cleaned_data["code"]
        with guessing(self.request, self.user, counts):
            if codes.is_right(self.user, code):
                self.by = "code"
            elif codes.use_recovery_code(self.user, code):
                self.by = "recovery code"
            else:
                raise ValidationError(
                    _(
                        "That code is not right, or it has been used. The app shows a "
                        "new one every half minute."
                    ),
                    code="wrong",
                )
        return code


def counter_shown(key: bytes, code: str) -> int:
    """Return the half minute of a new app's first code; ValidationError for another."""
    counter = codes.counter_of(key, codes.tidied(code))
    if counter is None:
        raise ValidationError(
            _(
                "The app does not show that code now. Is the square of this page the "
                "last one that it has read, and is the phone's clock right?"
            ),
            code="wrong",
        )
    return counter


class FirstCode(forms.Form):
    """The first code of an app that has just read the square."""

    code = forms.CharField(
        label=_("The six digits that the app shows"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}
        ),
    )

    def __init__(self, key: bytes, *args: Any) -> None:
        super().__init__(*args)
        self.key = key

    def clean_code(self) -> int:
        return counter_shown(self.key, self.cleaned_data["code"])


class PasswordAgain(OneField):
    """Asks who is there once more: a desk that stands open is not enough."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean_password(self) -> str:
        counts = throttle.of_password(self.request, self.user.get_username())
        password = self.cleaned_data["password"]
        with guessing(self.request, self.user, counts):
            if not self.user.check_password(password):
                raise ValidationError(_("That is not your password."), code="wrong")
        return password


class NewPassword(AdminPasswordChangeForm):
    """One's own new password; the old one is asked for, and cannot be guessed here."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        counts = throttle.of_password(self.request, self.user.get_username())
        with guessing(self.request, self.user, counts):
            return super().clean_old_password()


class PasskeyName(forms.Form):
    """A name for a passkey."""

    name = forms.CharField(
        label=_("What do you call it?"),
        max_length=60,
        help_text=_("For example: my phone."),
    )

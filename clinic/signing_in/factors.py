"""What an account has beside its password."""

from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest

from clinic.models import Authenticator, User
from clinic.signing_in import passkeys, throttle


def some(user: User) -> bool:
    """Say whether there is anything at all."""
    return has_other_than_codes(user) or user.recovery_codes.exists()


def has_other_than_codes(user: User) -> bool:
    """Say whether there is an app or a passkey: codes alone are for emergencies."""
    return hasattr(user, "authenticator") or user.passkeys.exists()


def alone(user: User) -> User:
    """Return the account as it is, whose factors nobody else changes meanwhile.

    Only within a transaction: the others wait until it ends.
    """
    return User.objects.select_for_update().get(pk=user.pk)


def usable_without(user: User, factor: Model, request: HttpRequest) -> bool:
    """Say whether another factor opens the account where this request has come in."""
    has_app = hasattr(user, "authenticator") and user.authenticator != factor
    return has_app or any(key != factor for key in passkeys.of(user, request))


def reset(user: User) -> None:
    """Take everything away, end all sessions, and forget wrong guesses.

    The next sign-in asks for the password alone and leads through enrolment.
    """
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        user.passkeys.all().delete()
        user.recovery_codes.all().delete()
        user.sessions.all().delete()
        throttle.forget(user.get_username())

"""Who has typed the right password and has not shown a second factor yet."""

import logging
import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.crypto import constant_time_compare
from django.utils.translation import ngettext

from clinic import audit, origin
from clinic.models import User
from clinic.signing_in import codes, devices, passkeys, throttle

logger = logging.getLogger(__name__)

PENDING = "pending"
# What a session says once both factors are shown.
COMPLETE = "second_factor"
# When the password was typed last, and for how many seconds that is fresh.
SURE, FRESH = "sure", 5 * 60
# Seconds: enough to install an app on a phone.
LONGEST = 30 * 60
# From how many on nobody has to be told to print new ones.
ENOUGH_CODES = 3


def is_required() -> bool:
    return settings.SECOND_FACTOR == "on"


def is_complete(request: HttpRequest) -> bool:
    """Say whether whoever is signed in has shown all that the portal asks for."""
    return not is_required() or COMPLETE in request.session


def is_sure(request: HttpRequest) -> bool:
    """Say whether the password was typed a moment ago."""
    return 0 <= time.time() - request.session.get(SURE, 0) < FRESH


def become_sure(request: HttpRequest) -> None:
    """Remember that the password was typed just now."""
    request.session[SURE] = time.time()


def begin(request: HttpRequest, user: User, leads_to: str) -> None:
    """Remember who has typed the right password, and which one it was."""
    request.session.flush()
    request.session[PENDING] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "backend": user.backend,
        "at": int(time.time()),
        "next": leads_to,
    }


def read(request: HttpRequest) -> dict[str, Any] | None:
    """Return what ``begin`` has remembered, unless that is too long ago."""
    pending = request.session.get(PENDING)
    if pending and 0 <= time.time() - pending["at"] < LONGEST:
        return pending
    return None


def is_too_late(request: HttpRequest) -> bool:
    """Say whether the password was typed in this browser, but too long ago."""
    return PENDING in request.session and read(request) is None


def user_of(request: HttpRequest) -> User | None:
    """Return who is about to sign in, unless account or password have changed."""
    pending = read(request)
    if pending is None:
        return None
    user = get_user_model().objects.filter(pk=pending["user"], is_active=True).first()
    if user is None or not constant_time_compare(
        pending["password"], user.get_session_auth_hash()
    ):
        return None
    return user


def leads_to(request: HttpRequest) -> str:
    return (read(request) or {}).get("next", "")


def finish(request: HttpRequest, user: User, *, by: str, backend: str) -> None:
    """Sign in; ``by`` is what was shown beside the password, or nothing."""
    for name in (PENDING, passkeys.STATE, codes.NEW_KEY):
        request.session.pop(name, None)
    login(request, user, backend=backend)
    become_sure(request)
    if by:
        request.session[COMPLETE] = by
    logger.info(
        "Account %s signed in from %s with password%s",
        user.pk,
        origin.network_of(request),
        f" and {by}" if by else "",
    )


def arrive(request: HttpRequest, response: HttpResponse, user: User) -> HttpResponse:
    """Let the browser be known from now on."""
    devices.remember(request, response, throttle.name_key(user.get_username()))
    return response


def go_on(request: HttpRequest, user: User, *, by: str) -> HttpResponse:
    """Sign in whoever has shown the second factor, and lead where he wanted to go."""
    pending = read(request) or {}
    finish(request, user, by=by, backend=pending["backend"])
    if by == "recovery code":
        audit.record(request, "CODE_USED")
        warn(request, user)
    return arrive(request, HttpResponseRedirect(pending["next"]), user)


def warn(request: HttpRequest, user: User) -> None:
    left = user.recovery_codes.count()
    sentence = ngettext(
        "That recovery code is used up; %(left)s is left.",
        "That recovery code is used up; %(left)s are left.",
        left,
    )
    told = messages.info if left >= ENOUGH_CODES else messages.warning
    told(request, sentence % {"left": left})

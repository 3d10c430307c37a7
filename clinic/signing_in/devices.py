"""Browsers in which somebody has signed in before: a signed cookie says so.

It opens nothing. Only, wrong guesses elsewhere do not count against it.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

MAX_AGE = 180 * 24 * 3600  # seconds since the last time somebody signed in
# People who share a browser at the reception.
MOST = 20
SALT = __name__


def read(request: HttpRequest) -> dict[str, str]:
    """Return the browser's secret for each name (a digest) that signed in with it."""
    try:
        names = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""),
            salt=SALT,
            max_age=MAX_AGE,
        )
    except signing.BadSignature:
        return {}
    return names


def known(request: HttpRequest, name: str) -> str | None:
    return read(request).get(name)


def remember(request: HttpRequest, response: HttpResponse, name: str) -> None:
    """Note in the browser that this name (a digest) has signed in with it."""
    names = read(request)
    secret = names.pop(name, None) or secrets.token_urlsafe(12)
    names = dict([*names.items(), (name, secret)][-MOST:])
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(names, salt=SALT),
        max_age=MAX_AGE,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )

"""The cookies of staff, as the page on privacy names them; visitors have none."""

from django.conf import settings
from django.utils.translation import gettext

from clinic.signing_in import devices


def of_staff() -> list[str]:
    """Say of each cookie its name, what it is for and how long it lasts."""
    told = [
        (
            settings.SESSION_COOKIE_NAME,
            gettext(
                "“%(name)s” for signing in: until the browser is closed, "
                "%(hours)s hours at the most"
            ),
            settings.SESSION_COOKIE_AGE,
        ),
        (
            settings.CSRF_COOKIE_NAME,
            gettext("“%(name)s” for safe forms: %(days)s days"),
            settings.CSRF_COOKIE_AGE,
        ),
        (
            settings.DEVICE_COOKIE_NAME,
            gettext(
                "“%(name)s” says that somebody has signed in with this browser before, "
                "so that nobody else can lock the account: %(days)s days"
            ),
            devices.MAX_AGE,
        ),
        (
            settings.LANGUAGE_COOKIE_NAME,
            gettext("“%(name)s” for the chosen language: until the browser is closed"),
            0,
        ),
    ]
    return [
        sentence % {"name": name, "hours": age // 3600, "days": age // 86400}
        for name, sentence, age in told
    ]

"""No portal in production without the second factor, unless somebody wants it so."""

from typing import Any

from django.conf import settings
from django.core import checks


def second_factor(**kwargs: Any) -> list[checks.CheckMessage]:
    """Refuse the switch of a portal on one's own machine where visitors come."""
    if settings.SECOND_FACTOR == "local" and settings.HTTPS:
        return [
            checks.Error(
                "SECOND_FACTOR is “local”, but visitors come by https.",
                hint="Set it to on; or to off, if a password alone shall do.",
                id="clinic.E001",
            )
        ]
    return []


def second_factor_off(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.SECOND_FACTOR != "on":
        return [
            checks.Warning(
                "The desk opens with a password alone.",
                hint="Set SECOND_FACTOR to on.",
                id="clinic.W001",
            )
        ]
    return []


def register() -> None:
    checks.register(second_factor, checks.Tags.security)
    checks.register(second_factor_off, checks.Tags.security, deploy=True)

"""What every template may use: the practice, and this page in other languages."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language_info

from clinic.models import Practice


def practice(request: HttpRequest) -> dict[str, Any]:
    """Give ``practice``, read from the database only by a template that uses it."""
    return {"practice": SimpleLazyObject(Practice.objects.current)}


def languages(request: HttpRequest) -> dict[str, Any]:
    """Give ``translations``: language code to this page's address there, or None.

    Right for pages that exist in every language. A page that may not exist
    elsewhere (an article, an error) gives its own ``translations``.
    """

    def translations() -> dict[str, str]:
        return {
            code: translate_url(request.path, code)
            for code, _ in settings.LANGUAGES
            if request.resolver_match
        }

    return {
        "site_languages": [get_language_info(code) for code, _ in settings.LANGUAGES],
        "translations": SimpleLazyObject(translations),
    }

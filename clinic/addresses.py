"""Addresses as others see them."""

from urllib.parse import urljoin

from django.conf import settings


def absolute(path: str) -> str:
    """Return the address of a page or a file of this site with scheme and host.

    From the setting SITE_URL: an answer must not depend on who asked under which name.
    What is absolute already, such as a picture kept elsewhere, stays as it is.
    """
    return urljoin(settings.SITE_URL, path)

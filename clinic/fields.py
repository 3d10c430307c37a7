"""A column for the address of a page."""

from typing import Any

from django.core.validators import URLValidator
from django.db import models


class WebField(models.URLField):
    """A link that a browser opens; "example.org" means https://, as in Django 6.

    Django's own field would take ftp as well, which browsers have forgotten.
    """

    default_validators = [URLValidator(schemes=["http", "https"])]

    def deconstruct(self) -> Any:
        """Be a plain URLField to migrations: the column is nothing else."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.URLField", args, kwargs

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**kwargs | {"assume_scheme": "https"})

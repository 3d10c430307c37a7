"""Pages whose addresses change, and what leads on from the earlier ones."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _


class OldAddressQuerySet(models.QuerySet):
    def owner_of(self, slug: str) -> Any:
        """Return the row whose page has stood at that address, None if none has."""
        old: Any = self.filter(slug=slug).select_related("owner").first()
        return old and old.owner


class OldAddress(models.Model):
    """An earlier slug of the row ``owner``; it leads to it for ever."""

    slug = models.SlugField(_("address"), unique=True)

    owner: Any
    objects = OldAddressQuerySet.as_manager()

    class Meta:
        abstract = True
        default_permissions = ()
        verbose_name = _("earlier address")
        verbose_name_plural = _("earlier addresses")

    def __str__(self) -> str:
        return self.slug


class Moving(models.Model):
    """A row with a page under its ``slug``, and with ``old_addresses``."""

    slug: Any
    old_addresses: Any

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and keep the address that this changes, in one transaction.

        A page that stands at an address now comes before one that has stood there.
        """
        with transaction.atomic():
            stored: Any = type(self)._base_manager.filter(pk=self.pk)
            slugs = stored.values_list("slug", flat=True)
            before = slugs.first()
            super().save(*args, **kwargs)
            now = slugs.first()
            if before == now:
                return
            addresses = self.old_addresses.model.objects
            addresses.filter(slug=now).delete()
            if before is not None:
                addresses.update_or_create(slug=before, defaults={"owner": self})

"""What was done at the desk, by whom, when and from where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Unchangeable(Exception):
    """Somebody tries to change or to delete what was written down for good."""


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    # So many are deleted in one transaction: nobody else waits for long.
    AT_ONCE = 1000

    def purge(self, before: datetime) -> int:
        """Forget what was written down before that moment (aware); return how much.

        The database refuses to forget what is younger than ``clinic.audit.GUARDED``.
        """
        count = 0
        old = self.model.objects.filter(at__lt=before).order_by("at", "pk")
        while keys := list(old.values_list("pk", flat=True)[: self.AT_ONCE]):
            rows = self.model.objects.filter(pk__in=keys)
            rows._raw_delete(rows.db)
            count += len(keys)
        return count

    def delete(self) -> Any:
        raise Unchangeable

    def update(self, **kwargs: Any) -> int:
        raise Unchangeable

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise Unchangeable


class AuditEntry(models.Model):
    """Something that was done, in values that stay true.

    Accounts and objects are named, not referred to: they may be renamed or deleted, and
    what was done stays so. Triggers of the database keep it too (``clinic.audit``).
    """

    at = models.DateTimeField(_("when"), default=timezone.now)
    # A code of ``clinic.audit.KINDS``.
    kind = models.CharField(_("what"), max_length=40)
    # Whose account it was done with, if anybody had signed in; and how it was called.
    account = models.BigIntegerField(null=True)
    name = models.CharField(_("who"), max_length=320, blank=True)
    # A network, never an address: see ``clinic.origin.masked``.
    network = models.CharField(_("from where"), max_length=45, blank=True)
    # With what it was done: "articles.article", its key, and how it was called.
    object_type = models.CharField(max_length=100, blank=True)
    object_key = models.CharField(max_length=100, blank=True)
    object_name = models.CharField(_("with what"), max_length=200, blank=True)
    # The rest, in pieces that ``clinic.telling`` puts into words.
    details = models.JSONField(default=list)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of the log")
        verbose_name_plural = _("log")
        default_permissions = ("view",)
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="log_by_moment"),
            models.Index(fields=["account", "-at", "-id"], name="log_by_account"),
            models.Index(fields=["kind", "-at", "-id"], name="log_by_kind"),
            models.Index(
                fields=["object_type", "object_key", "-at"], name="log_by_object"
            ),
        ]

    def __str__(self) -> str:
        from clinic import telling

        return telling.sentence(self)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Unchangeable
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise Unchangeable

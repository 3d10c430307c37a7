"""Backups that were proved to be good."""

from __future__ import annotations

from django.db import models


class VerifiedBackup(models.Model):
    """A backup that was put back into a temporary place, where everything was the same.

    In the database, so that several machines know of it.
    """

    name = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    verified_at = models.DateTimeField(auto_now_add=True)
    rows = models.PositiveBigIntegerField()
    files = models.PositiveBigIntegerField()
    # How long it took to put it back, in seconds.
    seconds = models.FloatField()

    class Meta:
        default_permissions = ()
        get_latest_by = "made_at"

    def __str__(self) -> str:
        return self.name

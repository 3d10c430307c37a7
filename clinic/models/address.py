"""Addresses that have changed, and addresses that nobody finds anything under."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models.doctor import Doctor
from clinic.models.moving import OldAddress


class DoctorAddress(OldAddress):
    """Where a doctor's page has stood."""

    owner = models.ForeignKey(Doctor, models.CASCADE, related_name="old_addresses")

    class Meta(OldAddress.Meta):
        pass


def forget_too_many(rows: models.QuerySet[Any], most: int, last: str) -> int:
    """Delete all but so many counted rows; say how many. ``last``: the field of when.

    Half of what stays is the most frequent, half the newest: what has begun to come
    often must have time to be counted.
    """
    if rows.count() <= most:
        return 0
    often = rows.order_by("-count", f"-{last}", "-pk")[: most // 2]
    stay = list(often.values_list("pk", flat=True))
    others = rows.exclude(pk__in=stay).order_by(f"-{last}", "-count", "-pk")
    stay += others.values_list("pk", flat=True)[: most - most // 2]
    return rows.exclude(pk__in=stay).delete()[0]


class MissedAddressQuerySet(models.QuerySet["MissedAddress"]):
    # So many are kept; of more, those that were asked for most.
    MOST = 1000
    KEPT = timedelta(days=90)

    def repeated(self) -> MissedAddressQuerySet:
        """Keep what was asked for more than once, and what nobody has put aside."""
        return self.filter(
            count__gt=1, ignored=False, last_seen__gt=timezone.now() - self.KEPT
        )

    def add(self, counts: dict[str, tuple[int, str]]) -> None:
        """Add how often each was asked for, and from which site last ("" unknown).

        Several processes may do so at once: sorted, none waits for another in a ring.
        """
        now = timezone.now()
        paths = sorted(counts)
        with transaction.atomic():
            self.bulk_create(
                [self.model(path=path, count=0, last_seen=now) for path in paths],
                ignore_conflicts=True,
            )
            for path in paths:
                count, site = counts[path]
                named = {"referring_site": site} if site else {}
                self.filter(path=path).update(
                    count=F("count") + count, last_seen=now, **named
                )
            self.purge()

    def purge(self) -> int:
        """Forget what is old and what is too much; say how many."""
        gone, _models = self.filter(last_seen__lte=timezone.now() - self.KEPT).delete()
        return gone + forget_too_many(self, self.MOST, "last_seen")


class MissedAddress(models.Model):
    """An address at which people have found nothing. It tells nothing of them."""

    path = models.CharField(_("address"), max_length=200, unique=True)
    count = models.PositiveIntegerField(_("how often"))
    last_seen = models.DateTimeField(_("last time"))
    referring_site = models.CharField(_("last site"), max_length=100, blank=True)
    ignored = models.BooleanField(_("ignored"), default=False)

    objects = MissedAddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("address not found")
        verbose_name_plural = _("addresses not found")
        ordering = ["-count", "-last_seen", "-pk"]
        default_permissions = ("change", "view")

    def __str__(self) -> Any:
        return self.path

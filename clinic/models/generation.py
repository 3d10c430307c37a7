"""One number that is another whenever anything that readers see has changed."""

from django.db import models


class Generation(models.Model):
    """The one row that ``clinic.generation`` reads and that triggers write."""

    ONLY = 1

    number = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="only_one_generation", condition=models.Q(id=1))
        ]

    def __str__(self) -> str:
        return str(self.number)

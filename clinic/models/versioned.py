"""What rows that several people edit have in common."""

from django.db import models


class Versioned(models.Model):
    """A row that several people edit: the form compares ``version`` before saving."""

    version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

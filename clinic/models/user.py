"""Who signs in."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A member of staff who signs in; a doctor who signs articles is a Doctor."""

"""Who signs in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from clinic.models.doctor import Doctor


def languages() -> list[tuple[str, Any]]:
    """The choices of a language, as a function: they belong to no migration."""
    return list(settings.LANGUAGES)


class User(AbstractUser):
    """A member of staff who signs in.

    A doctor who signs articles is a Doctor; the account through which he does so is
    linked to him.
    """

    doctor = models.ForeignKey(
        Doctor,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("doctor"),
        help_text=_(
            "Whose account this is. Only a doctor can sign and review articles; "
            "readers find that name under them."
        ),
    )
    language = models.CharField(
        _("language of the digest"),
        max_length=10,
        choices=languages,
        blank=True,
        help_text=_("Of the mail that says what waits. Empty: that of the site."),
    )
    digest_sent_date = models.DateField(null=True, editable=False)

    class Meta(AbstractUser.Meta):
        verbose_name = _("account")  # type: ignore[assignment]
        verbose_name_plural = _("accounts")  # type: ignore[assignment]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; with a new password, or closed, an account loses all its sessions.

        A new password is told in the log, wherever it was set, and wrong guesses at the
        old one are forgotten.
        """
        from clinic import audit
        from clinic.signing_in import throttle

        is_new = self._state.adding
        is_new_password = getattr(self, "_password", None) is not None
        if is_new or (self.is_active and not is_new_password):
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            super().save(*args, **kwargs)
            self.sessions.all().delete()
            if is_new_password:
                throttle.forget(self.get_username())
                audit.record(None, "PASSWORD", self)

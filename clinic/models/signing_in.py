"""What signing in needs beside the account; readers never see any of it."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _


class Authenticator(models.Model):
    """The app on somebody's phone that shows a new code every half minute."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="authenticator"
    )
    # Shared with the app, so it cannot be hashed.
    key = models.BinaryField(max_length=20)
    # The half minute of the last code that was taken: none counts twice.
    last_counter = models.BigIntegerField(default=0)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("authenticator app")
        verbose_name_plural = _("authenticator apps")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user}, {self.added_at:%Y-%m-%d}"


class Passkey(models.Model):
    """The public half of a key that a phone, a computer or a stick keeps."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="passkeys"
    )
    name = models.CharField(_("name"), max_length=60)
    # The host it was made for; browsers offer it nowhere else.
    host = models.CharField(max_length=255)
    # SHA-256 of the credential's id, in hexadecimal: no two accounts share one.
    digest = models.CharField(max_length=64, unique=True)
    # The attested credential data of WebAuthn, section 6.5.1.
    credential = models.BinaryField(max_length=4096)
    uses = models.BigIntegerField(default=0)
    added_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class RecoveryCode(models.Model):
    """One of the codes on paper, salted and hashed; used once, then gone."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user}, {self.pk}"


class SessionQuerySet(models.QuerySet):
    def of(self, user: Any) -> "SessionQuerySet":
        return self.filter(user_id=user.pk)

    def alive(self, now: datetime) -> "SessionQuerySet":
        """Neither idle nor older than the settings allow (``now``: aware)."""
        return self.filter(lives(now))

    def ended(self, now: datetime) -> "SessionQuerySet":
        return self.exclude(lives(now))


def lives(now: datetime) -> models.Q:
    return models.Q(
        expire_date__gt=now,
        seen_at__gt=now - timedelta(seconds=settings.SESSION_IDLE_SECONDS),
        begun_at__gt=now - timedelta(seconds=settings.SESSION_COOKIE_AGE),
    )


class Session(AbstractBaseSession):
    """Somebody who has signed in, or has begun to, in one browser."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions"
    )
    begun_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)
    browser = models.CharField(max_length=60, blank=True)
    # Masked: 203.0.113.0/24.
    network = models.CharField(max_length=50, blank=True)

    objects = SessionQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        default_permissions = ()

    @classmethod
    def get_session_store_class(cls) -> Any:
        from clinic.signing_in.sessions import SessionStore

        return SessionStore


class Throttle(models.Model):
    """How often somebody has guessed wrongly; of whom, only a digest is known."""

    key = models.CharField(max_length=64, primary_key=True)
    # The digest of the name at which was guessed, if it was one.
    owner = models.CharField(max_length=64, blank=True, db_index=True)
    failures = models.PositiveIntegerField(default=0)
    # When this row is forgotten. At the limit, nobody may try before.
    until = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("throttle")
        verbose_name_plural = _("throttles")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.failures}"

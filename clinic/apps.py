from contextlib import suppress

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

# What the desk needs to know who is there.
SIGNING_IN = ["Authenticator", "Passkey", "RecoveryCode", "Session", "Throttle"]


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = _("The practice")

    def ready(self) -> None:
        from clinic import audit, database, error_pages, generation, uploads
        from clinic import checks as checks_of_database
        from clinic.models import Practice
        from clinic.signing_in import checks, sessions

        with suppress(OSError):  # whoever uploads is told of it
            uploads.folder()
        checks_of_database.register_all()
        database.watch()
        error_pages.watch()
        generation.watch(
            self,
            moments=Practice.objects.changes_after,
            unseen=[
                "AuditEntry",
                "User",
                "Generation",
                "MissedAddress",
                "VerifiedBackup",
                *SIGNING_IN,
            ],
        )
        audit.listen()
        user_logged_in.connect(sessions.describe)
        checks.register()
        pre_migrate.connect(generation.suspend, sender=self)
        post_migrate.connect(generation.install, sender=self)
        post_migrate.connect(audit.guard, sender=self)


class DeskConfig(AdminConfig):
    """Django's admin, called the desk."""

    default_site = "clinic.desk.Desk"

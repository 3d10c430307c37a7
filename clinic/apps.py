from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = _("The practice")

    def ready(self) -> None:
        from clinic import error_pages

        error_pages.watch()


class DeskConfig(AdminConfig):
    """Django's admin, called the desk."""

    default_site = "clinic.desk.Desk"

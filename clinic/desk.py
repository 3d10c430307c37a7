"""The admin site of the practice."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

# Words of Django's own that its Italian gets wrong (every noun is masculine there).
# Naming them keeps them in the catalogue of this app, which comes before Django's.
REPHRASED = [
    gettext_noop("Add another %(verbose_name)s"),
    gettext_noop("Change history: %s"),
    gettext_noop("History"),
    gettext_noop("Log out"),
    gettext_noop("The {name} “{obj}” was added successfully."),
    gettext_noop("The {name} “{obj}” was changed successfully."),
    gettext_noop(
        "The {name} “{obj}” was added successfully. You may edit it again below."
    ),
    gettext_noop(
        "The {name} “{obj}” was changed successfully. You may edit it again below."
    ),
    gettext_noop("Welcome,"),
]


class Desk(AdminSite):
    """Django's admin with the words of a practice."""

    site_title = _("Desk")
    site_header = _("The desk")
    index_title = _("What would you like to do?")
    enable_nav_sidebar = False

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """List what may be edited; Django's groups are the roles of this portal."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            if app["app_label"] == "auth":
                app["name"] = _("Roles")
                for model in app["models"]:
                    model["name"] = _("Roles")
        return apps

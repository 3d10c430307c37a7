"""The admin site of the practice."""

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class Desk(AdminSite):
    """Django's admin with the words of a practice."""

    site_title = _("Desk")
    site_header = _("The desk")
    index_title = _("What would you like to do?")
    enable_nav_sidebar = False

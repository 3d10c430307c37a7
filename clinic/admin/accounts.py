"""Who may do what: accounts and roles at the desk."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group

from clinic.admin.base import BoundedSearch
from clinic.models import User

admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(BoundedSearch, GroupAdmin):
    pass


class PasswordForm(AdminPasswordChangeForm):
    """A new password for somebody; without the choice of having none.

    That choice is for sign-in by other means, and its help text is invalid HTML.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)


@admin.register(User)
class AccountAdmin(BoundedSearch, UserAdmin):
    change_password_form = PasswordForm
    readonly_fields = ["last_login", "date_joined"]

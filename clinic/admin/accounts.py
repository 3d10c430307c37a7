"""Who may do what: accounts and roles at the desk."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from clinic import roles
from clinic.admin.base import BoundedList
from clinic.admin.second_factor import ResetsSecondFactor
from clinic.models import User

admin.site.unregister(Group)


def name_of(group: Model) -> str:
    return str(roles.NAMES.get(str(group), group))


@admin.register(Group)
class RoleAdmin(BoundedList, GroupAdmin):
    """The roles that the portal comes with are explained; others can be added."""

    list_display = ["name_in_words", "explanation"]
    list_display_links = ["name_in_words"]

    def is_ours(self, group: Any) -> bool:
        return group is not None and group.name in roles.NAMES

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if self.is_ours(obj):
            return ["name_in_words", "explanation"]
        return super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["name_in_words", "explanation"] if self.is_ours(obj) else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and not self.is_ours(obj)

    def get_actions(self, request: HttpRequest) -> Any:
        """Roles are deleted one by one: those of the portal never are."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.display(description=_("role"), ordering="name")
    def name_in_words(self, group: Group) -> str:
        return name_of(group)

    @admin.display(description=_("what it may do"))
    def explanation(self, group: Group) -> str:
        return str(roles.EXPLANATIONS.get(group.name, "–"))


class PasswordForm(AdminPasswordChangeForm):
    """A new password for somebody; without the choice of having none.

    That choice is for sign-in by other means, and its help text is invalid HTML.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)


@admin.register(User)
class AccountAdmin(ResetsSecondFactor, BoundedList, UserAdmin):
    """Accounts. Nobody raises himself, and no manager touches a superuser."""

    change_password_form = PasswordForm
    readonly_fields = ["last_login", "date_joined", "second_factor"]
    list_display = ["username", "first_name", "last_name", "in_roles", "is_active"]
    list_filter = ["groups", "is_active"]
    filter_horizontal = ["user_permissions"]
    # What decides what an account may do.
    POWERS = ("is_staff", "is_superuser", "groups", "user_permissions", "doctor")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        powers = ["is_active", "is_staff", "groups", "doctor"]
        if self.is_superuser(request):
            powers += ["is_superuser", "user_permissions"]
        return [
            (None, {"fields": ["username", "password", "second_factor"]}),
            (
                _("Who this is"),
                {"fields": ["first_name", "last_name", "email", "language"]},
            ),
            (_("What the account may do"), {"fields": powers}),
            (_("Dates"), {"fields": ["last_login", "date_joined"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = list(super().get_readonly_fields(request, obj))
        if obj is not None and obj == request.user and not self.is_superuser(request):
            fields += self.POWERS
        return fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sets a superuser's password is one."""
        allowed = super().has_change_permission(request, obj)
        above = obj is not None and obj.is_superuser and not self.is_superuser(request)
        return allowed and not above

    def is_superuser(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", 0))

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "groups":
            self.explain(field)
        return field

    def explain(self, field: Any) -> None:
        """Offer the roles by their names and say beside them what each may do."""
        field.widget = forms.CheckboxSelectMultiple()
        field.label_from_instance = name_of
        field.label = _("Roles")
        field.help_text = format_html_join(
            "",
            '<span class="role"><strong>{}</strong>: {}</span>',
            ((roles.NAMES[role], roles.EXPLANATIONS[role]) for role in roles.NAMES),
        )

    @admin.display(description=_("roles"))
    def in_roles(self, user: User) -> str:
        names = [name_of(group) for group in user.groups.all()]
        if user.is_superuser:
            names.insert(0, str(_("may do everything")))
        return ", ".join(names) or "–"

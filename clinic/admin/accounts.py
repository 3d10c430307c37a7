"""Who may do what: accounts and roles at the desk."""

from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    ReadOnlyPasswordHashWidget,
    UserChangeForm,
)
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import audit, roles
from clinic.admin.base import BoundedList, Renamed
from clinic.admin.confirming import ConfirmedForm, Confirms
from clinic.admin.second_factor import ResetsSecondFactor
from clinic.forms import TickGroup
from clinic.models import Doctor, User
from clinic.signing_in import account, pending

admin.site.unregister(Group)


def is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", 0))


def name_of(group: Model) -> str:
    return str(roles.NAMES.get(str(group), group))


@admin.register(Group)
class RoleAdmin(Confirms, BoundedList, GroupAdmin):
    """The roles that the portal comes with are explained; others can be added."""

    form = ConfirmedForm
    POWERS = ("permissions",)
    list_display = ["name_in_words", "explanation"]
    list_display_links = ["name_in_words"]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        roles_of = SimpleNamespace(verbose_name=_("Roles"))
        self.opts: Any = Renamed(self.opts, _("role"), _("roles"), roles_of)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        changelist.opts = self.opts
        changelist.title = gettext("Roles")
        return changelist

    def is_ours(self, group: Any) -> bool:
        return group is not None and group.name in roles.NAMES

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if self.is_ours(obj):
            return ["name_in_words", "explanation"]
        return super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["name_in_words", "explanation"] if self.is_ours(obj) else []

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever writes what a role may do could write it into his own."""
        return super().has_add_permission(request) and is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and is_superuser(request) and not self.is_ours(obj)

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


class HiddenPassword(ReadOnlyPasswordHashWidget):
    """Offers a new password, and shows not even the beginning of a hash."""

    def get_context(self, *args: Any) -> dict[str, Any]:
        return super().get_context(*args) | {"summary": []}


class AccountForm(ConfirmedForm, UserChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password" in self.fields:
            self.fields["password"].widget = HiddenPassword()


def permissions_of(user: Any) -> set[int]:
    """Return what an account may do once it is switched on, by keys."""
    held = Permission.objects.filter(Q(user=user) | Q(group__user=user))
    return set(held.values_list("pk", flat=True))


def grantable(by: Any) -> set[int]:
    """Return what somebody who keeps accounts may give: his own and the three roles."""
    of_roles = Permission.objects.filter(group__name__in=roles.NAMES)
    return permissions_of(by) | set(of_roles.values_list("pk", flat=True))


@admin.register(User)
class AccountAdmin(Confirms, ResetsSecondFactor, BoundedList, UserAdmin):
    """Accounts. Nobody raises himself or others above himself.

    Nor does a manager touch an account that may do more than he can give: whoever sets
    the password of an account can be that person. What an account may do, and for which
    doctor it signs, is written down with every change, and that doctor is told.
    """

    form = AccountForm
    change_password_form = PasswordForm
    readonly_fields = ["last_login", "date_joined", "second_factor"]
    list_display = ["username", "first_name", "last_name", "in_roles", "is_active"]
    list_filter = ["groups", "is_active"]
    filter_horizontal = ["user_permissions"]
    # What decides what an account may do.
    POWERS = (
        "is_active", "is_staff", "is_superuser", "groups", "user_permissions", "doctor",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        powers = ["is_active", "is_staff", "groups", "doctor"]
        if is_superuser(request):
            powers += ["is_superuser", "user_permissions"]
        names = ["username", "password", "second_factor"]
        if not self.has_change_permission(request, obj):
            names.remove("password")
        fieldsets = [
            (None, {"fields": names}),
            (
                _("Who this is"),
                {"fields": ["first_name", "last_name", "email", "language"]},
            ),
            (_("What the account may do"), {"fields": powers}),
            (_("Dates"), {"fields": ["last_login", "date_joined"]}),
        ]
        return self.with_question(request, obj, fieldsets)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = list(super().get_readonly_fields(request, obj))
        if obj is not None and obj == request.user and not is_superuser(request):
            fields += [name for name in self.POWERS if name != "is_active"]
        return fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sets the password of an account may do what it may."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not self.is_above(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not self.is_above(request, obj))

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """Give a colleague a new password; one's own asks for the old one.

        Whoever does has just typed his own: a desk that stands open, or a stolen
        session, takes no account over.
        """
        user = self.get_object(request, str(id))
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if user == request.user:
            return HttpResponseRedirect(reverse("admin:password_change"))
        if not pending.is_sure(request):
            return account.ask_first(request)
        return super().user_change_password(request, id, form_url)

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Let nobody ask the list for rows that lead to accounts, such as sessions."""
        related = {relation.name for relation in User._meta.related_objects}
        is_own = lookup.partition("__")[0] not in related
        return is_own and super().lookup_allowed(lookup, value, request)

    def is_above(self, request: HttpRequest, user: Any) -> bool:
        """Whether an account may do what this person could not give to anybody."""
        if is_superuser(request):
            return False
        if user.is_superuser:
            return True
        return not permissions_of(user) <= grantable(request.user)

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "groups":
            self.explain(field)
            if not is_superuser(request):
                beyond = Permission.objects.exclude(pk__in=grantable(request.user))
                field.queryset = field.queryset.exclude(permissions__in=beyond)
        return field

    # Writing down

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        if change:
            self.tell_powers(request, form)
            self.tell_doctors(request, form)

    def tell_powers(self, request: HttpRequest, form: Any) -> None:
        """Write down which roles and powers were given and which taken away."""
        given, taken = [], []
        for name in form.changed_data:
            if name not in self.POWERS:
                continue
            before, after = (
                names_of(name, value)
                for value in (form.initial.get(name), form.cleaned_data[name])
            )
            given += sorted(after - before)
            taken += sorted(before - after)
        if given or taken:
            audit.record(request, "POWERS", form.instance, given=given, taken=taken)

    def tell_doctors(self, request: HttpRequest, form: Any) -> None:
        """Write down who signs from now on in whose name; that doctor reads it."""
        if "doctor" not in form.changed_data:
            return
        told: dict[str, Any] = {"accounts": [audit.name_of(form.instance)]}
        before = Doctor.objects.filter(pk=form.initial.get("doctor")).first()
        if before is not None:
            audit.record(request, "UNLINKED", before, **told)
        if form.cleaned_data["doctor"] is not None:
            audit.record(request, "LINKED", form.cleaned_data["doctor"], **told)

    def explain(self, field: Any) -> None:
        """Offer the roles by their names and say beside them what each may do."""
        field.label_from_instance = name_of
        field.label = _("Roles")
        field.widget = TickGroup(attrs={"aria-label": field.label})
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


def names_of(name: str, value: Any) -> set[str]:
    """Return a power as the log names it: roles, permissions, a doctor, or itself."""
    if name in ("groups", "user_permissions"):
        return {str(row) for row in value or ()}
    if name == "doctor":
        doctor = Doctor.objects.filter(pk=getattr(value, "pk", value)).first()
        return {str(doctor)} if doctor else set()
    with translation.override(None):  # it is translated when it is read
        field: Any = User._meta.get_field(name)
        label = str(field.verbose_name)
    return {label} if value else set()

"""The admin site of the practice."""

from functools import partial, wraps
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache

from clinic.models import Practice
from clinic.signing_in import account, forms, pending, steps

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
    login_template = "admin/signing_in/password.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in who has shown both factors: a password alone opens no page."""
        return super().has_permission(request) and pending.is_complete(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return super().each_context(request) | {
            "password_alone": not pending.is_required(),
            "practice_name": Practice.objects.known_as,  # asked by who shows it
        }

    def get_urls(self) -> list[Any]:
        """Add the steps of signing in, and everybody's own page about it."""
        here = {"site": self}
        own = self.admin_view
        return [
            path("login/second/", steps.second, here, name="second_factor"),
            path("login/enrol/", steps.enrol, here, name="enrol"),
            path("login/square.svg", steps.square, here, name="square"),
            path("you/", own(account.own), here, name="own"),
            path("you/sure/", own(account.again), here, name="own_sure"),
            path("you/app/", own(account.app), here, name="own_app"),
            path("you/passkey/", own(account.passkey), here, name="own_passkey"),
            path("you/codes/", own(account.codes), here, name="own_codes"),
            path("you/remove/", own(account.remove), here, name="own_remove"),
            path("you/end/", own(account.end), name="own_end"),
            path("you/token/", own(account.token), name="own_token"),
            *super().get_urls(),
        ]

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for name and password, as Django's admin does, and then go on."""
        index = reverse("admin:index")
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(index)
        context = self.each_context(request) | {
            "title": _("Log in"),
            "app_path": request.get_full_path(),
            "ended": "ended" in request.GET,
            "late": "late" in request.GET,
        }
        if "next" not in request.GET and "next" not in request.POST:
            context["next"] = index
        request.current_app = self.name
        view: Any = steps.Password.as_view(
            extra_context=context | (extra_context or {}),
            authentication_form=forms.NameAndPassword,
            template_name=self.login_template,
            next_page=index,
        )
        return view(request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """As Django's, but that the old password cannot be guessed."""
        request.current_app = self.name
        view: Any = PasswordChangeView.as_view(
            form_class=partial(forms.NewPassword, request),
            success_url=reverse("admin:password_change_done"),
            extra_context=self.each_context(request) | (extra_context or {}),
        )
        return view(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Say on the way to the sign-in page that a session has ended."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def telling(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            had_session = settings.SESSION_COOKIE_NAME in request.COOKIES
            response = inner(request, *args, **kwargs)
            sent_to = f"{reverse('admin:login')}?next="
            to_login = getattr(response, "url", "").startswith(sent_to)
            if had_session and to_login and request.session.is_empty():
                response["Location"] += "&ended=1"
            return response

        return telling

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """List what may be edited; Django's groups are the roles of this portal."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            if app["app_label"] == "auth":
                app["name"] = _("Roles")
                for model in app["models"]:
                    model["name"] = _("Roles")
        return apps

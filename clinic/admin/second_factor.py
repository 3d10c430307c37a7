"""Somebody has lost the phone: who keeps the accounts lets him begin anew."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic import audit
from clinic.models import User
from clinic.signing_in import account, factors, pending


class ResetsSecondFactor(admin.ModelAdmin):
    """Shows what an account has beside its password, and takes it away."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.reset_second_factor)
        own = path("<int:pk>/reset/", view, name="clinic_user_reset")
        return [own, *super().get_urls()]

    def reset_second_factor(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then do it; one's own is changed on one's own page."""
        user = self.get_object(request, str(pk))
        if user is None:
            raise Http404
        if user == request.user or not self.has_change_permission(request, user):
            raise PermissionDenied
        if not pending.is_sure(request):
            return account.ask_first(request)
        back = reverse("admin:clinic_user_change", args=[pk])
        if request.method == "POST":
            with transaction.atomic(), audit.meaning("FACTOR_RESET"):
                factors.reset(user)
                self.log_change(request, user, _("Second factor reset"))
            messages.success(
                request,
                _("Second factor reset; the next sign-in of %(name)s sets up another.")
                % {"name": user.get_username()},
            )
            return redirect(back)
        return TemplateResponse(
            request,
            "admin/clinic/user/reset.html",
            self.admin_site.each_context(request)
            | {
                "title": _("Reset the second factor"),
                "opts": self.opts,
                "account": user,
                "back": back,
            },
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        user: Model | None = kwargs.get("obj")
        context["may_reset"] = (
            isinstance(user, User)
            and user != request.user
            and self.has_change_permission(request, user)
            and factors.some(user)
        )
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=gettext_lazy("beside the password"))
    def second_factor(self, user: User) -> str:
        passkeys, codes = user.passkeys.count(), user.recovery_codes.count()
        has = [_("authenticator app")] if hasattr(user, "authenticator") else []
        if passkeys:
            has.append(
                ngettext("%(count)s passkey", "%(count)s passkeys", passkeys)
                % {"count": passkeys}
            )
        if codes:
            has.append(
                ngettext("%(count)s recovery code", "%(count)s recovery codes", codes)
                % {"count": codes}
            )
        return ", ".join(has) or _("nothing yet: the first sign-in asks for it")

"""The pages of signing in after the password: the second factor, or its enrolment."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic import audit, qr
from clinic.models import Authenticator, User
from clinic.signing_in import codes, factors, passkeys, pending
from clinic.signing_in.forms import Code, FirstCode

Step = Callable[[Any, HttpRequest, User], HttpResponse]


class Password(LoginView):
    """The first step: name and password."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Go on to the second factor of the account, or to its enrolment."""
        user, where = form.get_user(), self.get_success_url()
        if pending.is_required() or factors.some(user):
            pending.begin(self.request, user, where)
            return HttpResponseRedirect(reverse("admin:second_factor"))
        pending.finish(self.request, user, by="", backend=user.backend)
        return pending.arrive(self.request, HttpResponseRedirect(where), user)


def step(view: Step) -> Callable[..., HttpResponse]:
    """Let in who has typed the right password; everybody else begins anew."""

    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    def guarded(request: HttpRequest, site: Any) -> HttpResponse:
        user = pending.user_of(request)
        if user is None:
            asked = {"next": pending.leads_to(request) or reverse("admin:index")}
            if pending.is_too_late(request):
                asked["late"] = "1"
            return HttpResponseRedirect(f"{reverse('admin:login')}?{urlencode(asked)}")
        return view(site, request, user)

    return guarded


def page(site: Any, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
    request.current_app = site.name
    return TemplateResponse(
        request,
        f"admin/signing_in/{name}.html",
        site.each_context(request) | context,
    )


def record(user: User, kind: str, message: str) -> None:
    """Write into the history of one's own account, and into the log of the desk."""
    with audit.meaning(kind):
        LogEntry.objects.log_actions(
            user.pk, [user], CHANGE, message, single_object=True
        )


@step
def second(site: Any, request: HttpRequest, user: User) -> HttpResponse:
    """Ask for a passkey, a code of the app or a recovery code."""
    if not factors.some(user):
        return HttpResponseRedirect(reverse("admin:enrol"))
    form = Code(request, user)
    problem: Any = ""
    if "passkey" in request.POST:
        try:
            passkeys.check(request, user, request.POST["passkey"])
            return pending.go_on(request, user, by="passkey")
        except passkeys.Refused as refused:
            problem = refused.message
    elif request.method == "POST":
        form = Code(request, user, request.POST)
        if form.is_valid():
            return pending.go_on(request, user, by=form.by)
    return page(
        site,
        request,
        "second",
        title=_("One more step"),
        form=form,
        problem=problem,
        options=passkeys.ask(request, user),
        has_app=hasattr(user, "authenticator"),
    )


@step
def enrol(site: Any, request: HttpRequest, user: User) -> HttpResponse:
    """The first sign-in: choose and try a second factor, then get recovery codes."""
    if factors.some(user):
        return HttpResponseRedirect(reverse("admin:second_factor"))
    key = new_key(request)
    form = FirstCode(key)
    problem: Any = ""
    if "passkey" in request.POST:
        try:
            passkeys.add(request, user, request.POST["passkey"], _("My first passkey"))
            return enrolled(site, request, user, by="passkey")
        except ValidationError as refused:
            problem = refused.message
    elif request.method == "POST":
        form = FirstCode(key, request.POST)
        if form.is_valid():
            keep_app(user, key, form.cleaned_data["code"])
            return enrolled(site, request, user, by="code")
    can = passkeys.are_possible(request)
    return page(
        site,
        request,
        "enrol",
        title=_("Make your account safe"),
        form=form,
        problem=problem,
        spoken=codes.spoken(key),
        options=passkeys.ask_for_new(request, user) if can else None,
        account=user,
    )


def new_key(request: HttpRequest) -> bytes:
    """Return the key that this session's square shows; the first asks for one."""
    key = request.session.setdefault(codes.NEW_KEY, codes.new_key().hex())
    return bytes.fromhex(key)


def keep_app(user: User, key: bytes, counter: int) -> None:
    """Take the app that has proved to hold the key instead of an earlier one."""
    Authenticator.objects.update_or_create(
        user=user, defaults={"key": key, "last_counter": counter}
    )


def enrolled(site: Any, request: HttpRequest, user: User, *, by: str) -> HttpResponse:
    """Sign in and show the recovery codes, which are kept nowhere as they are."""
    waiting = pending.read(request) or {}
    pending.finish(request, user, by=by, backend=waiting["backend"])
    record(user, "FACTOR_ADDED", _("Second factor added"))
    response = show_codes(site, request, user, waiting["next"])
    return pending.arrive(request, response, user)


def show_codes(
    site: Any, request: HttpRequest, user: User, leads_to: str
) -> HttpResponse:
    return page(
        site,
        request,
        "codes",
        title=_("Print your recovery codes"),
        codes=codes.new_recovery_codes(user),
        leads_to=leads_to,
    )


@never_cache
@require_safe
def square(request: HttpRequest, site: Any) -> HttpResponse:
    """The new key as a picture, for the browser that was given it."""
    user = pending.user_of(request)
    if user is None and site.has_permission(request):
        user = request.user  # type: ignore[assignment]
    key = request.session.get(codes.NEW_KEY)
    if user is None or key is None:
        raise Http404
    picture = qr.svg(codes.address(bytes.fromhex(key), user))
    return HttpResponse(picture, content_type="image/svg+xml")

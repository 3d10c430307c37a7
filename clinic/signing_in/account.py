"""Everybody's own page: second factors, recovery codes, and where one is signed in.

Whoever changes a factor has typed the password a moment ago, or types it again: a desk
that stands open, or a stolen session, is not enough to take an account over.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.models import Passkey, Session, User
from clinic.signing_in import codes as recovery
from clinic.signing_in import factors, passkeys, pending, steps
from clinic.signing_in.forms import FirstCode, PasskeyName, PasswordAgain
from clinic.signing_in.sessions import kept
from clinic.signing_in.throttle import digest

# No person has more browsers than these, and the page shows them all.
MOST_SESSIONS = 50

View = Callable[[HttpRequest, Any], HttpResponse]


def who(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101  admin_view lets nobody else in
    return user


def back() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:own"))


def sure(view: View) -> View:
    """Let in who has just typed the password; ask everybody else for it first."""

    @wraps(view)
    def asking(request: HttpRequest, site: Any) -> HttpResponse:
        return view(request, site) if pending.is_sure(request) else ask_first(request)

    return asking


def ask_first(request: HttpRequest) -> HttpResponse:
    """Lead to the question for the password, and from there back to this page."""
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('admin:own_sure')}?{query}")


def again(request: HttpRequest, site: Any) -> HttpResponse:
    """Ask for the password once more, then lead where it was needed."""
    user = who(request)
    form = PasswordAgain(request, user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        pending.become_sure(request)
        where = request.GET.get("next", "")
        is_ours = where.startswith(reverse("admin:index"))
        return HttpResponseRedirect(where if is_ours else reverse("admin:own"))
    return steps.page(
        site,
        request,
        "confirm",
        title=_("Is it you?"),
        what=_("What comes next decides who can use an account."),
        button=_("Go on"),
        form=form,
    )


# The page ####################################################################


def name_of(session: Session) -> str:
    """Return what stands for a session in a page."""
    return digest("session", session.pk)


def sessions_of(user: User) -> list[Session]:
    alive = Session.objects.of(user).alive(timezone.now())
    return list(alive.order_by("-seen_at")[:MOST_SESSIONS])


@require_safe
def own(request: HttpRequest, site: Any) -> HttpResponse:
    user = who(request)
    here = kept(request.session.session_key or "")
    return steps.page(
        site,
        request,
        "own",
        title=_("Your account"),
        app=getattr(user, "authenticator", None),
        passkeys=user.passkeys.all(),
        passkeys_possible=passkeys.are_possible(request),
        codes_left=user.recovery_codes.count(),
        sessions=[
            {"row": row, "name": name_of(row), "here": row.pk == here}
            for row in sessions_of(user)
        ],
    )


# Factors #####################################################################


@sure
def app(request: HttpRequest, site: Any) -> HttpResponse:
    """Add an authenticator app, or another one instead."""
    user = who(request)
    key = steps.new_key(request)
    form = FirstCode(key, request.POST or None)
    if request.method == "POST" and form.is_valid():
        steps.keep_app(user, key, form.cleaned_data["code"])
        del request.session[recovery.NEW_KEY]
        return added(site, request, user, _("Authenticator app added"))
    return steps.page(
        site,
        request,
        "app",
        title=_("Authenticator app"),
        form=form,
        spoken=recovery.spoken(key),
        account=user,
    )


@sure
def passkey(request: HttpRequest, site: Any) -> HttpResponse:
    """Add a passkey to those that are there."""
    user = who(request)
    if not passkeys.are_possible(request):
        raise Http404
    form = PasskeyName(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made, name = request.POST.get("passkey", ""), form.cleaned_data["name"]
        try:
            passkeys.add(request, user, made, name)
            return added(site, request, user, _("Passkey added"))
        except ValidationError as refused:
            form.add_error(None, refused)
    return steps.page(
        site,
        request,
        "passkey",
        title=_("Add a passkey"),
        form=form,
        options=passkeys.ask_for_new(request, user),
    )


def added(site: Any, request: HttpRequest, user: User, message: str) -> HttpResponse:
    """Record a new factor; whoever has no recovery codes yet gets some."""
    steps.record(user, "FACTOR_ADDED", message)
    if not user.recovery_codes.exists():
        return steps.show_codes(site, request, user, reverse("admin:own"))
    messages.success(request, message)
    return back()


@sure
def codes(request: HttpRequest, site: Any) -> HttpResponse:
    """New recovery codes instead of the earlier ones."""
    user = who(request)
    if not factors.has_other_than_codes(user):
        raise Http404
    if request.method == "POST":
        steps.record(user, "CODES_MADE", _("New recovery codes"))
        return steps.show_codes(site, request, user, reverse("admin:own"))
    return steps.page(
        site,
        request,
        "confirm",
        title=_("New recovery codes"),
        what=_(
            "You get ten new codes to print. The earlier ones open nothing any more."
        ),
        button=_("Make new codes"),
    )


@sure
def remove(request: HttpRequest, site: Any) -> HttpResponse:
    """Take away the app, or the passkey whose number is asked for."""
    user = who(request)
    with transaction.atomic():
        user = factors.alone(user)
        factor = factor_asked_for(request, user)
        is_only = not factors.usable_without(user, factor, request)
        refused = is_only and pending.is_required()
        if request.method == "POST" and not refused:
            factor.delete()
            if not factors.has_other_than_codes(factors.alone(user)):
                user.recovery_codes.all().delete()
            steps.record(user, "FACTOR_REMOVED", _("Second factor removed"))
            messages.success(request, _("It opens your account no more."))
            return back()
    only = _(
        "This is the only one that you have, and nobody works here with a password "
        "alone. Add another one first."
    )
    name = factor.name if isinstance(factor, Passkey) else _("Authenticator app")
    return steps.page(
        site,
        request,
        "confirm",
        title=_("Remove it"),
        what=name,
        problem=only if refused else "",
        button="" if refused else _("Remove"),
    )


def factor_asked_for(request: HttpRequest, user: User) -> Any:
    """Return the app, or the user's passkey with the number asked for; or Http404."""
    number = request.GET.get("passkey")
    if number is None and hasattr(user, "authenticator"):
        return user.authenticator
    if number is None or not number.isdecimal() or len(number) > 18:
        raise Http404
    return get_object_or_404(user.passkeys, pk=int(number))


# Sessions ####################################################################


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one of one's own sessions, or all of them, this one included."""
    user = who(request)
    name = request.POST.get("session", "")
    if not name:
        Session.objects.of(user).delete()
        steps.record(user, "SESSIONS_ENDED", _("Signed out everywhere"))
        logout(request)
        return HttpResponseRedirect(reverse("admin:login"))
    for session in sessions_of(user):
        if constant_time_compare(name_of(session), name):
            session.delete()
            messages.success(request, _("That browser is signed out."))
    return back()


@require_safe
def token(request: HttpRequest) -> HttpResponse:
    """Say to a page that still stands open that somebody is there, and who: its token.

    Whoever has signed in anew has another one than the page was made with.
    """
    return HttpResponse(get_token(request), content_type="text/plain")

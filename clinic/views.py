"""The pages about the practice, and the few addresses that machines ask for."""

import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import default_storage
from django.db import connection
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.text import slugify
from django.utils.translation import get_language, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.generic import DetailView, TemplateView, View

from clinic import (
    cards,
    error_pages,
    faults,
    fhir,
    old_addresses,
    pictures,
    qr,
    readiness,
    structured_data,
    unsaved,
    vcard,
)
from clinic.addresses import absolute
from clinic.middleware import in_desk
from clinic.models import Doctor, DoctorAddress, Email, OldAddress, Practice

logger = logging.getLogger("clinic.views")


class PublicPage(View):
    """A page for visitors: kept by browsers, but always asked again.

    A 304 is cheap; an old phone number is not.
    """

    http_method_names = ["get", "head"]

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        patch_cache_control(response, public=True, no_cache=True)
        return response


def moved(addresses: type[OldAddress], slug: str, view: str = "") -> HttpResponse:
    """Lead to the page that has stood at that address, or to ``view`` of the same row.

    Raises Http404 if none has.
    """
    owner = addresses.objects.owner_of(slug)
    if owner is None:
        raise Http404
    return redirect(view or owner, *([owner.slug] if view else []), permanent=True)


class Contact(PublicPage, TemplateView):
    template_name = "clinic/contact.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        practice = Practice.objects.current()
        facts = structured_data.practice(practice, absolute)
        return super().get_context_data(practice=practice, facts=facts, **kwargs)


class Legal(PublicPage, TemplateView):
    template_name = "clinic/legal.html"


class DoctorDetail(PublicPage, DetailView):
    template_name = "clinic/doctor.html"
    queryset = Doctor.objects.select_related("portrait")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().get(request, *args, **kwargs)
        except Http404:
            return moved(DoctorAddress, kwargs["slug"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        practice = Practice.objects.current()
        emails = practice.emails.all()
        return super().get_context_data(
            practice=practice,
            phones=practice.phones_of(self.object),
            emails=[email for email in emails if email.doctor_id == self.object.pk],
            facts=structured_data.doctor(self.object, practice, absolute),
            **kwargs,
        )


class PracticeCard(PublicPage):
    """The practice for the visitor's address book."""

    write: Callable[[vcard.Card], str] = staticmethod(vcard.vcard3)

    def get(self, request: HttpRequest, **kwargs: str) -> HttpResponse:
        card = self.card(Practice.objects.current())
        name = slugify(card.name) or "contact"
        return HttpResponse(
            self.write(card),
            content_type="text/vcard; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.vcf"'},
        )

    def card(self, practice: Practice) -> vcard.Card:
        if not practice.name:
            raise Http404  # nobody has filled the portal in yet
        page = absolute(reverse("clinic:contact"))
        return cards.of_practice(practice, page)


class DoctorCard(PracticeCard):
    """One doctor for the visitor's address book."""

    def get(self, request: HttpRequest, **kwargs: str) -> HttpResponse:
        try:
            return super().get(request, **kwargs)
        except Http404:
            view = f"clinic:{resolve(request.path_info).url_name}"
            return moved(DoctorAddress, kwargs["slug"], view)

    def card(self, practice: Practice) -> vcard.Card:
        slug = self.kwargs["slug"]
        doctor = next((d for d in practice.doctors.all() if d.slug == slug), None)
        if doctor is None:
            raise Http404
        page = absolute(doctor.get_absolute_url())
        return cards.of_doctor(doctor, practice, page)


class PracticeQR(PracticeCard):
    """The card as a square that a phone reads from paper or from a screen."""

    def get(self, request: HttpRequest, **kwargs: str) -> HttpResponse:
        card = vcard.compact(self.card(Practice.objects.current()))
        code = qr.svg(vcard.vcard3(card), otherwise=card.url)
        return HttpResponse(code, content_type="image/svg+xml")


class DoctorQR(PracticeQR, DoctorCard):
    pass


class Facts(PublicPage):
    """What the pages say of the practice, for other systems (schema.org)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        facts = structured_data.practice(Practice.objects.current(), absolute)
        return JsonResponse(
            facts,
            content_type="application/ld+json",
            json_dumps_params={"ensure_ascii": False, "indent": 2},
        )


class FHIR(PublicPage):
    """The same facts as a FHIR R4 bundle; a file, not the interface of a server."""

    def get(self, request: HttpRequest) -> HttpResponse:
        bundle = fhir.bundle(Practice.objects.current(), absolute)
        return JsonResponse(
            bundle,
            content_type="application/fhir+json",
            json_dumps_params={"ensure_ascii": False, "indent": 2},
        )


class MailtoRedirect(HttpResponseRedirect):
    allowed_schemes = ["mailto"]


@require_safe
def email(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to the visitor's mail program: no page holds the address in its links."""
    address = get_object_or_404(Email, pk=pk).address
    # Quoted: an address may hold a "?", which would begin further headers.
    response = MailtoRedirect(f"mailto:{quote(address, safe='@+')}")
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@require_safe
def picture(request: HttpRequest, key: str, width: int, extension: str) -> FileResponse:
    """Answer with one rendition. The address pattern admits no other file.

    The sandbox keeps a browser from treating it as a page whatever it holds. The
    key is random: a picture of an unpublished article cannot be guessed.
    """
    try:
        file = default_storage.open(pictures.path_of(key, width, extension))
    except FileNotFoundError:
        raise Http404 from None
    if Path(str(file.name)).resolve().parts[-2:] != (key, f"{width}.{extension}"):
        file.close()
        raise Http404  # nothing of ours is a link; it would lead out of the folder
    response = FileResponse(file, content_type=pictures.CONTENT_TYPES[extension])
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Keep crawlers away from the desk and, in every language, from ``email``."""
    closed = [reverse("admin:index")]
    for code, _ in settings.LANGUAGES:
        with override(code):
            closed.append(reverse("clinic:email", args=[0]).removesuffix("0/"))
    sitemap = absolute(reverse("sitemap"))
    response = render(
        request,
        "clinic/robots.txt",
        {"closed": closed, "sitemap": sitemap},
        content_type="text/plain",
    )
    patch_cache_control(response, public=True, no_cache=True)
    return response


class SecurityText(PublicPage):
    """Whom to tell of a fault in the portal's defences (RFC 9116)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not settings.SECURITY_CONTACT:
            raise Http404
        own = absolute(request.path)
        lines = [
            f"Contact: {settings.SECURITY_CONTACT}",
            f"Expires: {half_a_year_ahead(timezone.now()):%Y-%m-%dT%H:%M:%SZ}",
            f"Preferred-Languages: {', '.join(dict(settings.LANGUAGES))}",
        ]
        if own.startswith("https://"):  # nothing else is allowed there
            lines.append(f"Canonical: {own}")
        return HttpResponse(
            "\n".join([*lines, ""]), content_type="text/plain; charset=utf-8"
        )


def half_a_year_ahead(now: datetime) -> datetime:
    """Return the first day of a month, five to seven months ahead, in UTC.

    Less than a year, as the RFC asks; the same for a whole month, so that a copy which
    is kept stays right.
    """
    years, month = divmod(now.astimezone(UTC).month + 5, 12)
    return datetime(now.year + years, month + 1, 1, tzinfo=UTC)


@require_safe
def touch_icon(request: HttpRequest) -> HttpResponse:
    """Lead to the icon of this release, for the home screen of a phone."""
    response = redirect(staticfiles_storage.url("img/icon-180.png"))
    patch_cache_control(response, public=True, no_cache=True)
    return response


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Say whether this process and its database answer; for monitoring."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say whether this process may be sent visitors, and if not, what it lacks."""
    lacks = readiness.lacks()
    if lacks:
        logger.error("Not ready: %s", lacks)
    return HttpResponse(
        f"not ready: {lacks}\n" if lacks else "ok\n",
        status=503 if lacks else 200,
        content_type="text/plain",
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", no_translations(), status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", no_translations(), status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(
        request, "403.html", no_translations() | {"form_expired": True}, status=403
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say so, and offer to search for what the address says."""
    search = {"searching": True, "words": old_addresses.words(request.path_info)}
    response = render(request, "404.html", no_translations() | search, status=404)
    patch_cache_control(response, public=True, no_cache=True)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Give staff their words back, and visitors the page written in advance.

    Whatever broke, the numbers stay. 503 says that it is not for ever.
    """
    fault = faults.fault_of(sys.exc_info()[1])
    if fault:
        faults.note(fault)
    if in_desk(request):
        try:
            return unsaved.page(request, fault)
        except Exception:
            logger.exception("Nothing could be given back.")
    response = HttpResponse(error_pages.read(get_language() or ""), status=500)
    if fault:
        response.status_code = 503
        response.headers["Retry-After"] = str(faults.RETRY_AFTER)
    return response


def no_translations() -> dict[str, Any]:
    """An error page has no counterpart in the other language."""
    return {"translations": {code: None for code, _ in settings.LANGUAGES}}

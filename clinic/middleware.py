"""What every response needs: its language, its security headers; and the desk more."""

from collections.abc import Callable, Sequence

from django.conf import settings
from django.contrib.sessions import middleware as sessions
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from clinic import audit, faults, uploads

Handler = Callable[[HttpRequest], HttpResponse]

PASSKEYS = ["publickey-credentials-create", "publickey-credentials-get"]
FEATURES = [
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media",
    "fullscreen", "geolocation", "gyroscope", "magnetometer", "microphone", "midi",
    "payment", "picture-in-picture", *PASSKEYS, "screen-wake-lock", "usb",
    "xr-spatial-tracking",
]  # fmt: skip


def permissions(own: Sequence[str] = ()) -> str:
    """Deny every feature of the browser to everybody, but ``own`` to the portal."""
    return ",".join(f"{name}=({'self' if name in own else ''})" for name in FEATURES)


# The OWASP Secure Headers set, beside those that Django and django-csp send.
SECURITY_HEADERS = {
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": permissions(),
    "X-DNS-Prefetch-Control": "off",
    # Django's own middleware does not see the redirects of those outside of it.
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
}


# Staff sign in with passkeys.
DESK_HEADERS = SECURITY_HEADERS | {"Permissions-Policy": permissions(own=PASSKEYS)}


def in_desk(request: HttpRequest) -> bool:
    return request.path_info.startswith(reverse("admin:index"))


class SecurityHeadersMiddleware:
    """Add the headers above to every response, static files included.

    Nothing of the desk may be kept by a browser or a proxy; public pages are the same
    for everybody and never see a cookie.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        desk = in_desk(request)
        if not desk:
            # Django answers a forged CSRF cookie with a new one, on any page.
            request.META.pop("HTTP_COOKIE", None)
        response = self.get_response(request)
        for name, value in (DESK_HEADERS if desk else SECURITY_HEADERS).items():
            response.headers.setdefault(name, value)
        if desk:
            # Some pages of the admin, such as the change of password, say nothing.
            add_never_cache_headers(response)
            # No search engine lists a draft, even if somebody lets it in.
            response.headers["X-Robots-Tag"] = "noindex"
        return response


class SizeMiddleware:
    """Refuse a request that is too large before any of it is read.

    Under the asgi worker the edge has counted the bytes already; a WSGI server hands on
    no more of them than were announced.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        cookies = request.META.get("HTTP_COOKIE", "")
        limit = uploads.largest_body(request.path_info, cookies)
        if announced.isdecimal() and int(announced) > limit:
            headers = dict(uploads.TOO_LARGE_HEADERS)
            return HttpResponse(uploads.TOO_LARGE, status=413, headers=headers)
        return self.get_response(request)


class LanguageMiddleware:
    """Set the language: on public pages by the address alone, in the desk by choice.

    Django's LocaleMiddleware also looks at the browser and the cookie and says
    ``Vary: Accept-Language`` on pages without a prefix; a public page here is the
    same bytes for everybody.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if in_desk(request):
            language = translation.get_language_from_request(request)
        else:
            language = (
                translation.get_language_from_path(request.path_info)
                or settings.LANGUAGE_CODE
            )
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if in_desk(request):
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


class SessionMiddleware(sessions.SessionMiddleware):
    """Let no answer be lost because the session could not be written after it.

    By then the view has done its work: only its messages wait there. To sign in and out
    writes the session within the view, and fails as it should. A session that was ended
    meanwhile, as when people close their own account, stays ended.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        try:
            return super().process_response(request, response)
        except (SessionInterrupted, DatabaseError) as error:
            fault = faults.fault_of(error)
            if fault is not None:
                faults.note(fault)
            elif isinstance(error, DatabaseError):
                raise
            return response


class DeskMiddleware:
    """What the desk needs round each request, once it is known who has signed in.

    It knows only reading and sending forms: Django's admin would answer whatever other
    verb as if it were GET. Whoever is refused a page stands in the log. A query with a
    NUL, which PostgreSQL refuses, finds nothing there either: no text holds one.
    """

    VERBS = ("GET", "HEAD", "POST")
    NUL, REPLACEMENT = "%00", "%EF%BF%BD"

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not in_desk(request):
            return self.get_response(request)
        if request.method not in self.VERBS:
            return HttpResponseNotAllowed(self.VERBS)
        query = request.META.get("QUERY_STRING", "")
        request.META["QUERY_STRING"] = query.replace(self.NUL, self.REPLACEMENT)
        token = audit.current.set(request)
        try:
            return self.get_response(request)
        finally:
            audit.current.reset(token)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if isinstance(exception, PermissionDenied) and audit.current.get() is request:
            audit.record(request, "REFUSED", request.path_info)

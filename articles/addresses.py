"""What the site answers at an address that is no page: where staff lead it, or 404."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language_from_path, override
from django.utils.translation import gettext_lazy as _

from articles.models import Edition, Redirect, Topic
from articles.views import gone
from clinic import old_addresses, views
from clinic.middleware import in_desk
from clinic.models import Doctor


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Lead on if somebody has said where to; else say that nothing is here."""
    if request.method in {"GET", "HEAD"} and not in_desk(request):
        found = led_on(request)
        if found is not None:
            return found
    return views.not_found(request, exception)


def led_on(request: HttpRequest) -> HttpResponse | None:
    """Return where an address leads that is no page, None if nowhere."""
    query = request.META.get("QUERY_STRING", "")
    row = Redirect.objects.for_address(request.path_info, query)
    if row is None:
        return slash_and_more(request)
    target = row.destination()
    if target is None:
        article = row.article
        seen = article is not None and article.editions.public().exists()
        return gone(request, article) if article and seen else None
    response = redirect(target, permanent=True)
    patch_cache_control(response, public=True, no_cache=True)
    return response


def slash_and_more(request: HttpRequest) -> HttpResponse | None:
    """Spare who has left off the last slash a second hop, if there is a first one."""
    if request.path_info.endswith("/"):
        return None
    answer: Any = answer_at(f"{request.path_info}/")
    return answer if answer is not None and answer.status_code == 301 else None


def answer_at(path: str) -> HttpResponseBase | None:
    """Return what a page of the portal answers at exactly that path, None if none.

    The views themselves are asked, so there is no second list of what there is. The
    desk is none of its pages: it answers nobody whom it does not know.
    """
    if path.startswith(reverse("admin:index")):
        return None
    language = get_language_from_path(path) or settings.LANGUAGE_CODE
    request: Any = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    request.LANGUAGE_CODE = language
    with override(language):
        try:
            match = resolve(path)
            return match.func(request, *match.args, **match.kwargs)
        except (Resolver404, Http404):
            return None


def problem_with(address: str) -> Any:
    """Say why an address in its one form cannot lead elsewhere; empty if it can.

    One at which a page appears later does no harm: a page comes before a redirect.
    """
    path = address.partition("?")[0]
    if f"{path}/".startswith((reverse("admin:index"), settings.STATIC_URL)):
        return _("This address belongs to the portal itself.")
    answers = [answer_at(candidate) for candidate in (path, f"{path}/")]
    statuses = {answer.status_code for answer in answers if answer is not None}
    if 410 in statuses:
        return _(
            "An article that was withdrawn has stood here. Please say at that article "
            "what replaces it."
        )
    if 301 in statuses:
        return _("A page has stood here, and its address leads to it by itself.")
    if statuses:
        return _("A page stands at this address: readers find it and need no redirect.")
    return ""


def proposal(address: str) -> tuple[str, Any]:
    """Return the field of a redirect and the row that the words of an address name.

    That is a live article, a topic or a doctor; ("", None) if no word fits any.
    """
    wanted = set(old_addresses.words(address).split())
    longest = sorted(wanted, key=len, reverse=True)[:3]
    found: list[tuple[str, Any, str]] = [
        ("article", edition.article, edition.slug)
        for word in longest
        for edition in Edition.objects.live()
        .filter(slug__icontains=word)
        .select_related("article")
        .only("article__title", "slug")[:100]
    ]
    found += [("topic", topic, topic.slug) for topic in Topic.objects.all()]
    found += [("doctor", doctor, doctor.slug) for doctor in Doctor.objects.all()]
    if not wanted or not found:
        return "", None

    def likeness(one: tuple[str, Any, str]) -> float:
        words = set(one[2].split("-"))
        return len(words & wanted) / len(words | wanted)

    best = max(found, key=likeness)
    return best[:2] if likeness(best) > 0 else ("", None)

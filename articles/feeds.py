"""What is new, for programs that follow the site: Atom 1.0 (RFC 4287), full texts.

A feed is read elsewhere, without style sheets: so every address in it is absolute, a
contact is its number, and an e-mail address is the way to the contact page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import nh3
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language, gettext
from selectolax.lexbor import LexborHTMLParser

from articles.models import Edition, EditionQuerySet
from articles.templatetags.contacts import with_contacts
from articles.views import OfTopic, live_editions
from clinic.addresses import absolute
from clinic.edge.edge import ENDS
from clinic.models import Doctor, Practice
from clinic.views import PublicPage

NEWEST = 30
# What is left of a page's HTML: its words and their order.
TAGS = {
    "a", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "dl", "dt",
    "em", "h2", "h3", "h4", "hr", "i", "ins", "li", "ol", "p", "s", "strong", "sub",
    "sup", "table", "tbody", "td", "th", "thead", "time", "tr", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "hreflang"}, "td": {"colspan"}, "th": {"colspan"}}


# What XML 1.0 has no place for (section 2.2), and browsers show nothing of.
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Feed(Atom1Feed):
    """Atom with the whole text, and with the address of each translation."""

    def __init__(self, title: str, **details: Any) -> None:
        super().__init__(seen(title), **details)

    def add_item(self, *details: Any, **item: Any) -> None:
        shown: dict[str, Any] = {
            name: seen(value) if isinstance(value, str) else value
            for name, value in item.items()
        }
        super().add_item(*details, **shown)

    def add_item_elements(self, handler: Any, item: Any) -> None:
        super().add_item_elements(handler, item | {"description": None})
        for language, address in item["translations"]:
            link = {"rel": "alternate", "hreflang": language, "href": address}
            handler.addQuickElement("link", "", link | {"type": "text/html"})
        handler.addQuickElement("content", item["content"], {"type": "html"})


def seen(text: str) -> str:
    """Return a text without the characters that XML refuses."""
    return UNSEEN.sub("", text)


class ArticleFeed(PublicPage):
    """The newest articles of a language."""

    def get(self, request: HttpRequest, **kwargs: str) -> HttpResponse:
        practice = Practice.objects.current()
        editions = list(newest(self.editions()))
        if not editions:
            raise Http404  # a feed has to say when it was changed last
        name = practice.name or gettext("Medical practice")
        feed = Feed(
            title=f"{self.title()} – {name}",
            link=absolute(self.page()),
            description=None,
            language=get_language(),
            feed_url=absolute(request.path),
        )
        families = Edition.objects.live().families_of(editions)
        for edition in editions:
            add(feed, edition, practice, families[edition.original_id])
        response = HttpResponse(
            feed.writeString("utf-8"), content_type=Feed.content_type
        )
        ends = [edition.live_until for edition in editions if edition.live_until]
        if ends:
            # As the page itself: no longer than that, even if nobody can be asked.
            response.headers[ENDS] = str(min(ends).timestamp())
        return response

    def editions(self) -> EditionQuerySet:
        return live_editions()

    def title(self) -> str:
        return gettext("All articles")

    def page(self) -> str:
        return reverse("articles:list")


class TopicFeed(OfTopic, ArticleFeed):
    """The newest articles of a topic in a language."""

    moved_to = "articles:topic_feed"

    def editions(self) -> EditionQuerySet:
        return super().editions().filter(topic=self.topic)

    def title(self) -> str:
        return str(self.topic.name)

    def page(self) -> str:
        return self.topic.get_absolute_url()


def newest(editions: EditionQuerySet) -> EditionQuerySet:
    return editions.order_by("-content_since", "-pk").only(
        "article", "author", "body", "content_since", "first_published_at",
        "is_sample", "language", "live_until", "slug", "sources", "summary", "title",
        "translation_of",
    )[:NEWEST]  # fmt: skip


def add(
    feed: Feed, edition: Edition, practice: Practice, family: Iterable[Edition]
) -> None:
    """Add an article; ``family`` is what is live of it in every language."""
    doctor = author_of(edition, practice)
    feed.add_item(
        title=edition.title,
        link=absolute(edition.get_absolute_url()),
        description="",
        unique_id=tag_of(edition),
        pubdate=edition.first_published_at,
        updateddate=edition.content_since,
        author_name=str(doctor) if doctor else practice.name or feed.feed["title"],
        author_link=absolute(doctor.get_absolute_url()) if doctor else None,
        content=content(edition, practice),
        translations=[
            (other.language, absolute(other.get_absolute_url()))
            for other in family
            if other.language != edition.language
        ],
    )


def author_of(edition: Edition, practice: Practice) -> Doctor | None:
    doctors = practice.doctors.all()
    return next((one for one in doctors if one.pk == edition.author_id), None)


def tag_of(edition: Edition) -> str:
    """Return a name of an article that no new address alters: a tag URI (RFC 4151)."""
    host = urlsplit(settings.SITE_URL).hostname
    day: datetime = edition.first_published_at
    return f"tag:{host},{day:%Y-%m-%d}:article/{edition.article_id}"


def content(edition: Edition, practice: Practice) -> str:
    """Return the text as it stands on the page, with its sources, for elsewhere."""
    html = render_to_string(
        "articles/feed_entry.html",
        {
            "edition": edition,
            "body": with_contacts(edition.rendered.html, practice),
            "address": absolute(edition.get_absolute_url()),
        },
    )
    return for_elsewhere(html, absolute(edition.get_absolute_url()))


def for_elsewhere(html: str, address: str) -> str:
    """Make every link of a page's HTML absolute, and keep no e-mail address."""
    tree = LexborHTMLParser(html)
    for link in tree.css("a"):
        target = link.attrs.get("href") or ""
        if "email" in (link.attrs.get("class") or "").split():
            link.inner_html = gettext("our contact page")
            target = reverse("clinic:contact")
        try:
            target = address + target if target.startswith("#") else absolute(target)
        except ValueError:  # no address at all
            link.unwrap()
            continue
        link.attrs["href"] = target
    return nh3.clean(
        (tree.body.inner_html if tree.body else "") or "",
        tags=TAGS,
        attributes=ATTRIBUTES,
        link_rel=None,
        url_schemes={"http", "https", "tel"},
    ).strip()

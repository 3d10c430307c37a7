"""Which links there are, and what it means what becomes of asking for them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from articles.addresses import answer_at
from articles.links.finding import Found, links_in, links_of
from articles.links.web import REDIRECTS, Outcome, Web
from articles.models import (
    Article,
    Edition,
    Link,
    LinkPlace,
    Redirect,
    State,
    Statement,
)
from articles.models.link import Kind, LinkState
from clinic.addresses import absolute
from clinic.models import Picture

logger = logging.getLogger(__name__)

# What makes an address impossible, today and tomorrow.
HOPELESS = {"address", "port", "private"}
LONGEST = Link._meta.get_field("address").max_length or 0


def agent() -> str:
    """Return what tells other sites who asks, and where to complain."""
    return f"clinic-portal link check (+{absolute('/')})"


# Which links there are ########################################################


def gather(*, drafts: bool = False) -> None:
    """Write down what live editions and statements lead to, and ``drafts`` if asked.

    Editions never change: one that has been read is not read again, so whoever breaks
    off goes on where he was.
    """
    live = Edition.objects.live()
    LinkPlace.objects.exclude(edition__in=live.values("pk")).delete()
    read = LinkPlace.objects.exclude(edition=None).values("edition")
    for edition in live.exclude(pk__in=read).order_by("pk").iterator(200):
        store(
            links_of(edition, edition.sources),
            article_id=edition.article_id,
            edition=edition,
        )
    if drafts:
        written = Article.objects.exclude(state=State.PUBLISHED)
        for article in written.order_by("pk").iterator(200):
            store(links_of(article, article.sources_as_list()), article=article)
    for statement in Statement.objects.exclude(body=""):
        store(links_in(statement.body, statement.language), statement=statement)
    Link.objects.filter(places=None).delete()


@transaction.atomic
def store(links: Iterable[Found], **place: Any) -> None:
    """Keep what one text leads to; the same sentence leads to one place once.

    ``place`` says in fields of ``LinkPlace`` which text that is.
    """
    found = [one for one in dict.fromkeys(links) if len(one.address) <= LONGEST]
    Link.objects.bulk_create(
        [Link(kind=one.kind, address=one.address) for one in found],
        ignore_conflicts=True,
    )
    rows = Link.objects.in_bulk([one.address for one in found], field_name="address")
    LinkPlace.objects.bulk_create(
        LinkPlace(
            link=rows[one.address],
            part=one.part,
            sentence=one.sentence[: LinkPlace.LONGEST_SENTENCE],
            **place,
        )
        for one in found
    )


def due(before: datetime) -> QuerySet[Link]:
    """Return what was not checked since that moment, and what has to be asked twice.

    The second time is on another day: whoever is down for an hour is not broken.
    """
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return Link.objects.filter(
        Q(checked_at=None)
        | Q(checked_at__lt=before)
        | Q(state=LinkState.UNSURE, checked_at__lt=today)
    )


def since(days: int) -> datetime:
    """Return the moment so many days ago."""
    return timezone.now() - timedelta(days=days)


def in_turn(links: Iterable[Link]) -> Iterator[Link]:
    """Yield links site by site in turn, so that each rests while others are asked."""
    by_host: dict[str, list[Link]] = {}
    for link in links:
        is_web = link.kind not in {Kind.PAGE, Kind.PICTURE}
        host = link.address.split("/")[2] if is_web and "//" in link.address else ""
        by_host.setdefault(host, []).append(link)
    rounds = chain.from_iterable(zip_longest(*by_host.values()))
    return (link for link in rounds if link is not None)


# What an answer means #########################################################


def check(link: Link, web: Web) -> None:
    """Ask for a link in the way of its kind, and note what came of it.

    Whatever breaks on the way is no answer: those after it are checked all the same.
    """
    try:
        ask(link, web)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("%s could not be checked.", link.address)
        link.failed("connection")


def ask(link: Link, web: Web) -> None:
    if link.kind == Kind.PAGE:
        check_page(link)
    elif link.kind == Kind.PICTURE:
        check_picture(link)
    elif link.kind == Kind.DOI:
        check_doi(link, web)
    else:
        check_web(link, web)


def check_page(link: Link) -> None:
    """Ask the portal's own views, without a network."""
    parts = urlsplit(link.address)
    path = unquote(parts.path) or "/"
    if path.startswith(settings.STATIC_URL):
        name = path.removeprefix(settings.STATIC_URL)
        return link.found() if is_there(name) else link.gone("missing")
    if f"{path}/".startswith(reverse("admin:index")):
        return link.gone("missing")  # readers cannot open it
    answer: Any = answer_at(path)
    if answer is None:
        to = led_to(path, parts.query)
        return link.moved(to) if to else link.gone("missing")
    answer.close()
    if answer.status_code == 410:
        return link.gone("withdrawn")
    if answer.status_code == 301:
        return link.moved(answer.headers["Location"])
    return link.found()


def is_there(name: str) -> bool:
    """Say whether a static file is there, under its plain or its hashed name."""
    try:
        return bool(name) and staticfiles_storage.exists(name)
    except SuspiciousFileOperation:  # outside of the folder
        return False


def led_to(path: str, query: str) -> str:
    """Return where readers are led from an address that is no page, "" if nowhere."""
    row = Redirect.objects.for_address(path, query)
    if row is not None:
        return row.destination() or ""
    with_slash: Any = None if path.endswith("/") else answer_at(f"{path}/")
    if with_slash is None or with_slash.status_code == 410:
        return ""
    return str(with_slash.headers.get("Location", f"{path}/"))


def check_picture(link: Link) -> None:
    """See that every file of a picture is where it was put."""
    picture = Picture.objects.filter(pk=link.address).first()
    there = picture is not None and all(
        default_storage.exists(path) for _width, path in picture.files()
    )
    return link.found() if there else link.gone("file")


def check_doi(link: Link, web: Web) -> None:
    """Ask the registry whether it knows a DOI.

    It leads on if it does and says 404 if not; publishers, who turn programs away, need
    not be asked.
    """
    outcome = web.look(link.address, hops=0)
    if outcome.status in REDIRECTS:
        return link.found()
    return note(link, outcome)


def check_web(link: Link, web: Web) -> None:
    note(link, web.look(link.address))


def note(link: Link, outcome: Outcome) -> None:
    """Keep what an answer of another site means.

    Who asks for patience (429) has said nothing: it is asked again in the next run.
    """
    reason = outcome.reason or str(outcome.status)
    if outcome.status == 429:
        return None
    if outcome.is_there:
        return link.moved(outcome.url) if outcome.moved else link.found()
    if outcome.is_gone or reason in HOPELESS:
        return link.gone(reason)
    if outcome.reason or outcome.status >= 500:
        return link.failed(reason)
    return link.closed(reason)

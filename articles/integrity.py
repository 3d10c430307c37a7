"""What can be wrong with articles and editions in a database that is sound itself."""

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from articles.digest import is_intact
from articles.models import Article, Edition, Headword, Review
from articles.models.edition import Change
from articles.models.rules import State
from articles.search import index
from clinic.integrity import RESTORE, Finding

BATCH = 500
# So many are named of what is wrong with many.
NAMED = 5


def glance(using: str) -> Iterator[Finding]:
    """Say whether the clock runs behind what has happened already."""
    last = Edition.objects.using(using).order_by("-pk").only("published_at").first()
    now = timezone.now()
    if last and last.published_at > now:
        yield Finding(
            "clock.behind",
            f"The clock shows {now:%Y-%m-%d %H:%M} UTC, but an edition was published "
            f"on {last.published_at:%Y-%m-%d %H:%M}: readers may miss what is newer.",
            "Set the clock of this machine (timedatectl set-ntp true).",
            is_fatal=False,
        )


def examine(using: str) -> Iterator[Finding]:
    """Say what does not belong together; reads every edition."""
    changed = list(islice(changed_editions(using), NAMED))
    if changed:
        yield Finding(
            "edition.changed",
            f"Editions are not as they were published: {names(changed)}.",
            RESTORE,
        )
    editions = Edition.objects.using(using)
    its_review = Review.objects.filter(edition=OuterRef("pk"))
    its_words = Headword.objects.filter(edition=OuterRef("pk"))
    same_article = Edition.objects.filter(article=OuterRef("article"))
    its_content = same_article.filter(number=OuterRef("content_number"))
    signed = editions.filter(change_kind=Change.CONTENT, signed_by__isnull=False)
    halves = [
        *signed.filter(~Exists(its_review))[:NAMED],
        *editions.filter(~Exists(its_content))[:NAMED],
    ]
    if halves:
        yield Finding(
            "edition.half",
            f"Editions lack their review or their content: {names(halves)}.",
            RESTORE,
        )
    its_editions = Edition.objects.filter(article=OuterRef("pk"))
    published = Article.objects.using(using).filter(state=State.PUBLISHED)
    unread = list(published.filter(~Exists(its_editions))[:NAMED])
    if unread:
        titles = ", ".join(f"“{article.title}”" for article in unread)
        yield Finding(
            "article.half",
            f"Articles are published without edition: {titles}.",
            RESTORE,
        )
    if index.pending(using).exists():
        yield Finding(
            "search.behind",
            "The search does not know every edition.",
            "Run manage.py rebuild_search.",
            is_fatal=False,
        )
    unlisted = editions.exclude(live_until=F("live_from")).filter(~Exists(its_words))
    if unlisted.exists():
        yield Finding(
            "a_to_z.behind",
            "The A to Z does not know every edition.",
            "Run manage.py rebuild_a_to_z.",
            is_fatal=False,
        )


def changed_editions(using: str) -> Iterator[Edition]:
    """Yield the editions that do not hold what their digest was made of."""
    for edition in Edition.objects.using(using).order_by("pk").iterator(BATCH):
        if not is_intact(edition):
            yield edition


def names(editions: Iterable[Edition]) -> str:
    return ", ".join(f"“{one.title}” ({one.number})" for one in editions)

"""What waits at the desk, for whom, in the words of the lists and of the digest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.models import Article, Edition, LinkPlace, State, Term, Unfound
from articles.models.link import TO_MEND
from clinic import legal
from clinic.counting import capped, told
from clinic.models import MissedAddress, Practice, User

# Articles ``with_state``: the type checker knows nothing of its annotations.
Articles = Any


@dataclass(frozen=True)
class Word:
    """A kind of waiting: what lists and lines call it, who is concerned, which wait.

    ``choose`` gets articles ``with_state`` (or terms) and the person who looks.
    """

    code: str
    label: Any
    sentence: Any
    permission: str
    choose: Callable[[Articles, User], Articles]


@dataclass(frozen=True)
class Task:
    """What waits for one person: how many, and where to find them."""

    label: str
    count: int  # see clinic.counting
    url: str

    @property
    def shown(self) -> str:
        return told(self.count)


def to_finish(articles: Articles, user: User) -> Articles:
    return articles.filter(
        Q(state=State.DRAFT, edited_by=user)
        | Q(state=State.RETURNED, submitted_by=user)
    )


def to_sign(articles: Articles, user: User) -> Articles:
    """What was sent for review; nothing for whoever is no doctor and cannot sign."""
    if user.doctor_id is None:
        return articles.none()
    waiting = articles.filter(state=State.SUBMITTED)
    if Practice.objects.row().four_eyes:
        waiting = waiting.exclude(edited_by=user)
    return waiting


def to_publish(articles: Articles, user: User) -> Articles:
    return articles.filter(state=State.SIGNED)


def overdue(articles: Articles, user: User) -> Articles:
    return articles.filter(live_from__isnull=False, due_date__lt=timezone.localdate())


def never_reviewed(articles: Articles, user: User) -> Articles:
    return articles.filter(live_from__isnull=False, reviewed_date=None)


def scheduled(articles: Articles, user: User) -> Articles:
    return articles.filter(Q(planned_from__isnull=False) | Q(live_until__isnull=False))


def behind(articles: Articles, user: User) -> Articles:
    """Translations that do not say yet what readers of their original find.

    By the working copy: one that was brought up to date waits for its next step, in
    other words than these. What was withdrawn need not follow.
    """
    original = Edition.objects.live().filter(article=OuterRef("translation_of"))
    return (
        articles.filter(
            Q(live_from__isnull=False)
            | Q(planned_from__isnull=False)
            | Q(has_editions=False),
            translation_of__isnull=False,
        )
        .annotate(original_content=Subquery(original.values("content_number")[:1]))
        .filter(
            Q(original_content__gt=F("original_edition__content_number"))
            | Q(original_content__isnull=False, original_edition=None)
        )
    )


WORDS = [
    Word(
        "to-finish",
        _("to finish"),
        _("Articles to finish"),
        "articles.change_article",
        to_finish,
    ),
    Word(
        "to-sign",
        _("to sign"),
        _("Articles to sign"),
        "articles.sign_article",
        to_sign,
    ),
    Word(
        "to-publish",
        _("signed, to publish"),
        _("Signed articles to publish"),
        "articles.publish_article",
        to_publish,
    ),
    Word(
        "overdue",
        _("review overdue"),
        _("Articles whose review is overdue"),
        "articles.sign_article",
        overdue,
    ),
    Word(
        "never-reviewed",
        _("never reviewed"),
        _("Articles that were never reviewed"),
        "articles.sign_article",
        never_reviewed,
    ),
    Word(
        "scheduled",
        _("something planned"),
        _("Articles with something planned"),
        "articles.publish_article",
        scheduled,
    ),
    Word(
        "behind",
        _("translation behind"),
        _("Translations behind their original"),
        "articles.change_article",
        behind,
    ),
]
BY_CODE = {word.code: word for word in WORDS}


def to_check(terms: Any, user: User) -> Any:
    """What no doctor has checked; nothing for whoever is no doctor."""
    if user.doctor_id is None:
        return terms.none()
    waiting = terms.unchecked()
    if Practice.objects.row().four_eyes:
        waiting = waiting.exclude(edited_by=user)
    return waiting


def due_again(terms: Any, user: User) -> Any:
    return terms.due()


# The same for the glossary: ``choose`` gets terms.
TERM_WORDS = [
    Word(
        "to-check",
        _("to check"),
        _("Words of the glossary to check"),
        "articles.check_term",
        to_check,
    ),
    Word(
        "due",
        _("check due again"),
        _("Words of the glossary whose check is due again"),
        "articles.check_term",
        due_again,
    ),
]


def waiting_for(user: User) -> list[Task]:
    """Return what waits for that person; nothing with a count of zero."""
    return [task for task in tasks_of(user) if task.count]


def tasks_of(user: User) -> Iterator[Task]:
    yield from counted("article", WORDS, Article.objects.with_state(), user)
    yield from counted("term", TERM_WORDS, Term.objects.all(), user)
    if user.has_perm("articles.change_linkplace"):
        yield Task(
            gettext("Links that lead nowhere or elsewhere"),
            capped(LinkPlace.objects.filter(link__state__in=TO_MEND)),
            reverse("admin:articles_linkplace_changelist"),
        )
    if user.has_perm("articles.add_redirect"):
        yield Task(
            gettext("Addresses that readers asked for in vain"),
            capped(MissedAddress.objects.repeated()),
            reverse("admin:clinic_missedaddress_changelist"),
        )
    if user.has_perm("articles.change_unfound"):
        yield Task(
            gettext("Searches without result"),
            capped(Unfound.objects.repeated()),
            reverse("admin:articles_unfound_changelist"),
        )
    if user.has_perm("clinic.change_practice"):
        practice = Practice.objects.current()
        yield Task(
            gettext("Details of the practice that are missing"),
            len(legal.missing(practice)) + (not practice.header_phones),
            reverse("admin:clinic_practice_changelist"),
        )


def counted(model: str, words: list[Word], rows: Any, user: User) -> Iterator[Task]:
    """Yield a task for each kind of waiting that concerns the person."""
    page = reverse(f"admin:articles_{model}_changelist")
    for word in words:
        if user.has_perm(word.permission):
            url = f"{page}?{urlencode({'waiting': word.code})}"
            yield Task(str(word.sentence), capped(word.choose(rows, user)), url)

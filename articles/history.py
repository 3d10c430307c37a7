"""The texts of an article: the working copy, its editions, every earlier save."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import reversion
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext
from reversion.models import Version

from articles.markup.comparison import (
    Piece,
    Row,
    compare,
    compare_words,
    is_same,
)
from articles.models import Article, Condition, Edition, Source, Topic
from clinic.models import Doctor, Email, Phone, Picture

KEY = re.compile(r"(?<=\[)(?:phone|email)-\d+(?=\])")
SOURCE_FIELDS = ("title", "url", "doi", "pmid")
# What a text holds: what publishing copies, and what its words were made from.
HELD = (*Edition.COPIED, "original_edition_id")
# What is read in the language of the text.
WORDS = (
    "title", "summary", "body", "picture_alt", "picture_caption", "key_phrases",
    "disclosure",
)  # fmt: skip
# The fields of a text that are rows elsewhere, which may be gone.
ROWS: dict[str, Any] = {
    "topic_id": Topic,
    "author_id": Doctor,
    "condition_id": Condition,
    "picture_id": Picture,
}


def register() -> None:
    """Tell django-reversion what every save keeps: the words, not the state."""
    names = [name.removesuffix("_id") for name in HELD]
    reversion.register(Source)
    reversion.register(
        Article, fields=[*names, "change_kind", "change_note"], follow=["sources"]
    )


@dataclass(frozen=True)
class Text:
    """One text of an article: ``content`` by the names of ``HELD``."""

    key: str
    name: str
    content: dict[str, Any]
    sources: list[dict[str, str]]
    at: datetime | None = None
    by: Any = None


def held_by(text: Article | Edition) -> dict[str, Any]:
    return {name: getattr(text, name) for name in HELD}


def working_copy(article: Article) -> Text:
    return Text(
        "draft",
        gettext("Working copy"),
        held_by(article),
        article.sources_as_list(),
        article.edited_at or article.updated_at,
        article.edited_by,
    )


def of_edition(edition: Edition) -> Text:
    return Text(
        f"edition-{edition.number}",
        gettext("Edition %(number)s") % {"number": edition.number},
        held_by(edition),
        edition.sources,
        edition.live_from,
        edition.published_by,
    )


def of_save(version: Version) -> Text:
    """The text as it was saved; its sources are of the same save."""
    stored = version.field_dict
    rows = [
        row.field_dict for row in version.revision.version_set.get_for_model(Source)
    ]
    rows.sort(key=lambda row: (row["position"], row["id"]))
    return Text(
        f"save-{version.pk}",
        gettext("Saved"),
        {name: stored.get(name) for name in HELD},
        [{name: row[name] for name in SOURCE_FIELDS} for row in rows],
        version.revision.date_created,
        version.revision.user,
    )


def saves_of(article: Article) -> QuerySet[Version]:
    """Every save of the working copy, the newest first."""
    return Version.objects.get_for_object(article).select_related("revision__user")


def deleted() -> QuerySet[Version]:
    """The last save of every article that has been deleted since."""
    return (
        Version.objects.get_deleted(Article)
        .select_related("revision__user")
        .order_by("-revision__date_created", "-pk")
    )


def find(article: Article, key: str) -> Text | None:
    """Return the text of that key, such as "draft", "edition-3" or "save-17"."""
    if key == "draft":
        return working_copy(article)
    kind, _, number = key.partition("-")
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        return None
    if kind == "edition":
        edition = article.editions.filter(number=number).first()
        return of_edition(edition) if edition else None
    if kind == "save":
        version = saves_of(article).filter(pk=number).first()
        return of_save(version) if version else None
    return None


def restorable(text: Text, article: Article) -> dict[str, Any]:
    """Return the content as the working copy can hold it today.

    Language and original stay as they are: other articles lean on them; so an edition
    of another original goes. What the text refers to may have been deleted since, and
    another article may have its address.
    """
    content = text.content | {
        "language": article.language,
        "translation_of_id": article.translation_of_id,
    }
    made_from = Edition.objects.filter(
        pk=content["original_edition_id"], article=article.translation_of_id
    )
    if not made_from.exists():
        content["original_edition_id"] = None
    for name, model in ROWS.items():
        if not model.objects.filter(pk=content[name]).exists():
            content[name] = None
    others = Article.objects.exclude(pk=article.pk).filter(language=article.language)
    if others.filter(slug=content["slug"]).exists():
        content["slug"] = article.slug
    return content


def recover(version: Version, text: Text, *, by: Any) -> Article:
    """Bring a deleted article back under its old key, as a draft of that person."""
    language, original = text.content["language"], text.content["translation_of_id"]
    is_free = Article.objects.filter(pk=original, translation_of=None).exclude(
        models.Q(language=language) | models.Q(translations__language=language)
    )
    article = Article(
        pk=int(version.object_id),
        language=language,
        slug=Article.objects.free_slug(language, text.content["slug"]),
        translation_of_id=original if is_free.exists() else None,
    )
    for name, value in restorable(text, article).items():
        setattr(article, name, value)
    article.save(force_insert=True)
    article.use_sources(text.sources)
    article.written(by)
    return article


@dataclass(frozen=True)
class Part:
    """One field of two texts beside each other.

    ``languages`` are those of the words before and after; empty of what the portal
    itself says, such as "yes", and of what has no language.
    """

    name: str
    rows: list[Row]
    languages: tuple[str, str] = ("", "")

    @property
    def is_same(self) -> bool:
        return is_same(self.rows)

    @property
    def shown(self) -> list[Row | None]:
        """The rows that differ, each with its neighbours; None where rows are left out.

        Who reads a change has to see where it stands, not the whole text again.
        """
        changed = {n for n, row in enumerate(self.rows) if row.kind != "same"}
        near = {n for one in changed for n in (one - 1, one, one + 1)}
        shown: list[Row | None] = []
        for number, row in enumerate(self.rows):
            if number in near:
                shown.append(row)
            elif not shown or shown[-1] is not None:
                shown.append(None)
        return shown


def differences(before: Text, after: Text) -> list[Part]:
    """Compare two texts field by field; equal fields are left out."""
    parts = [*plain_parts(before, after), body_part(before, after)]
    return [part for part in parts if not part.is_same]


def body_part(before: Text, after: Text) -> Part:
    rows = compare(before.content["body"] or "", after.content["body"] or "")
    names = {f"phone-{phone.pk}": str(phone) for phone in Phone.objects.all()}
    names |= {f"email-{email.pk}": str(email) for email in Email.objects.all()}

    def named(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        """Call contacts by their names: a text holds keys only."""
        return tuple(
            replace(piece, text=KEY.sub(lambda k: names.get(k[0], k[0]), piece.text))
            for piece in pieces
        )

    labels = labels_of_blocks()
    return Part(
        label_of("body"),
        [
            replace(
                row,
                label=labels[row.label],
                before=named(row.before),
                after=named(row.after),
            )
            for row in rows
        ],
        languages_of(before, after),
    )


def languages_of(before: Text, after: Text) -> tuple[str, str]:
    return before.content["language"], after.content["language"]


def labels_of_blocks() -> dict[str, str]:
    """What the sorts of blocks are called; text and items need no name."""
    return {
        "heading": gettext("Heading"),
        "subheading": gettext("Subheading"),
        "text": "",
        "item": "",
        "cell": gettext("Table"),
        "header": gettext("Table"),
        "quotation": gettext("Quotation"),
        "contact": gettext("Contact"),
        "callout": gettext("Call-out"),
        "ask": gettext("Call-out: something to do"),
        "care": gettext("Care card"),
        "urgent": gettext("Care card, urgent"),
        "emergency": gettext("Care card, emergency"),
    }


def plain_parts(before: Text, after: Text) -> Iterator[Part]:
    olds, news = dict(in_words(before)), dict(in_words(after))
    in_their_language = {label_of(name) for name in WORDS}
    for name, old in olds.items():
        part = Part(name, [row_of(old, news[name])])
        if name in in_their_language:
            part = replace(part, languages=languages_of(before, after))
        yield part


def row_of(before: str, after: str) -> Row:
    if before == after:
        same = (Piece("same", before),)
        return Row("same", "", same, same)
    return Row("changed", "", *compare_words(before, after))


def in_words(text: Text) -> Iterator[tuple[str, str]]:
    """Give the name and the words of every field but the body."""
    for name in Edition.COPIED:
        if name == "body":
            continue
        value = text.content[name]
        if name in ROWS:
            row = ROWS[name].objects.filter(pk=value).first()
            value = row and str(row)
        elif name == "translation_of_id":
            row = Article.objects.filter(pk=value).first()
            value = row and row.title
        elif isinstance(value, bool):
            value = gettext("yes") if value else gettext("no")
        yield label_of(name), str(value or "")
    sources = "\n".join(
        " · ".join(filter(None, (source.get(name) for name in SOURCE_FIELDS)))
        for source in text.sources
    )
    yield gettext("sources"), sources


def label_of(name: str) -> str:
    field: Any = Article._meta.get_field(name.removesuffix("_id"))
    return str(field.verbose_name)

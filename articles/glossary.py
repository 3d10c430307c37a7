"""What readers find in the glossary, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby

from django.http import Http404
from django.urls import reverse

from articles import markup
from articles.models import Entry, EntryQuerySet, Term
from articles.models.content import Content
from articles.models.term import PER_PAGE, fits_on_one_page
from clinic import generation
from clinic.models import Practice

# In articles #################################################################


def explained(content: Content) -> markup.Explained:
    """Return the body as it stands on the page, its medical words marked."""
    return markup.explain(content.rendered.html, terms_for(content))


def terms_for(content: Content) -> markup.Glossary:
    """Return the terms that are explained in a text.

    What no doctor has checked explains nothing but a sample.
    """
    language, samples = content.language, content.is_sample
    return generation.keep(
        ("glossary terms", language, samples), partial(terms, language, samples)
    )


def terms(language: str, samples: bool) -> markup.Glossary:
    current = Entry.objects.current().in_language(language).alphabetical()
    entries = current if samples else current.filter(is_sample=False)
    return markup.Glossary(language, map(note, entries))


def drafts(language: str) -> markup.Glossary:
    """Return what staff have written, checked or not."""
    return generation.keep(
        ("glossary drafts", language),
        lambda: markup.Glossary(
            language, map(note, Term.objects.filter(language=language))
        ),
    )


def note(of: Entry | Term) -> markup.Note:
    return markup.Note(of.name, of.definition, of.pronunciation, tuple(of.other_names))


# Page by page ################################################################


@dataclass(frozen=True)
class Listed:
    """An entry as it stands on a page; ``others`` are its addresses elsewhere."""

    entry: Entry
    others: list[tuple[Entry, str]]
    is_overdue: bool


@dataclass(frozen=True)
class Part:
    """The entries of one letter."""

    letter: str
    entries: list[Listed]


@dataclass(frozen=True)
class Glossary:
    """A page of the glossary.

    ``letters`` are those that have entries, each with its address; ``more`` is the
    query that leads to the rest of a letter.
    """

    letters: dict[str, str]
    parts: list[Part]
    letter: str = ""
    more: str = ""

    @property
    def has_samples(self) -> bool:
        return any(one.entry.is_sample for part in self.parts for one in part.entries)


def whole(language: str, practice: Practice) -> Glossary:
    """Return the first page: all entries, or the letters only."""
    if not fits_on_one_page(language):
        return Glossary(letters_of(language), [])
    parts = parted(list(listed(language)), practice)
    return Glossary({part.letter: f"#letter-{part.letter}" for part in parts}, parts)


def under(
    language: str, letter: str, practice: Practice, after: str | None = None
) -> Glossary:
    """Return a page with the entries of a letter, behind the entry with that key.

    Raises Http404 where there are none.
    """
    rows = listed(language).filter(letter=letter)
    if after is not None:
        place = get_place(after)
        rows = rows.filter(sort_name__gte=place.sort_name).exclude(
            sort_name=place.sort_name, pk__lte=place.pk
        )
    found = list(rows[: PER_PAGE + 1])
    if not found:
        raise Http404
    more = f"?after={found[PER_PAGE - 1].pk}" if len(found) > PER_PAGE else ""
    parts = parted(found[:PER_PAGE], practice)
    return Glossary(letters_of(language), parts, letter, more)


def get_place(key: str) -> Entry:
    is_key = key.isdecimal() and len(key) <= 18
    place = Entry.objects.filter(pk=key).first() if is_key else None
    if place is None:
        raise Http404
    return place


def listed(language: str) -> EntryQuerySet:
    current = Entry.objects.current().in_language(language).alphabetical()
    return current.select_related("doctor", "term")


def parted(entries: list[Entry], practice: Practice) -> list[Part]:
    """Put entries that stand in the order of the alphabet under their letters."""
    translations = Entry.objects.all().translations(entries)
    fits = cache(fits_on_one_page)

    def shown(entry: Entry) -> Listed:
        others = [
            (other, other.address(on_one_page=fits(other.language)))
            for other in translations[entry.pk]
        ]
        return Listed(entry, others, entry.is_overdue(practice))

    return [
        Part(letter, [shown(entry) for entry in group])
        for letter, group in groupby(entries, lambda entry: entry.letter)
    ]


def letters_of(language: str) -> dict[str, str]:
    """Return the letters that have entries, each with the address of its page."""
    return generation.keep(("glossary letters", language), partial(letters, language))


def letters(language: str) -> dict[str, str]:
    current = Entry.objects.current().in_language(language)
    found = current.order_by("letter").values_list("letter", flat=True).distinct()
    return {
        letter: reverse("articles:glossary_letter", args=[letter]) for letter in found
    }

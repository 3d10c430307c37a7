"""Pages that are no articles and have a name: topics, terms, doctors, the contacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext

from articles.models import Edition, Entry, Topic
from articles.models.term import fits_on_one_page
from articles.search.query import Part, Query
from articles.search.words import codes_of, stem, stems_of, words_of
from clinic import generation
from clinic.models import Practice

MOST = 5


@dataclass(frozen=True)
class NamedPage:
    """A page with a name. ``kind`` tells readers what it is.

    ``words`` are other words for it; ``has_numbers`` if it is there to be called.
    """

    kind: str
    name: str
    url: str
    text: str = ""
    words: str = ""
    has_numbers: bool = False


def pages_for(readings: Iterable[Query], language: str) -> list[NamedPage]:
    """Return the pages whose names hold all words of a reading, whole names first."""
    found: dict[NamedPage, int] = {}
    known = known_pages(language)
    for reading in readings:
        for page, stems in known:
            if all(is_in(part, stems) for part in reading.parts):
                name = set(stems_of(page.name, language))
                found.setdefault(page, len(name - reading.stems))
    return sorted(found, key=lambda page: found[page])[:MOST]


def is_in(part: Part, stems: frozenset[str]) -> bool:
    return any(stems.issuperset(phrase) for phrase in part.phrases)


def known_pages(language: str) -> list[tuple[NamedPage, frozenset[str]]]:
    """Return every such page and the stems of its names, kept while nothing changes."""

    def load() -> list[tuple[NamedPage, frozenset[str]]]:
        return [
            (page, stems_of_names(f"{page.name} {page.words}", language))
            for page in (*terms(language), *topics(language), *people())
        ]

    return generation.keep(("named pages", language), load)


def stems_of_names(names: str, language: str) -> frozenset[str]:
    codes = (stem(code, language) for code in codes_of(names, language))
    return frozenset((*stems_of(names, language), *codes))


def words_of_names(language: str) -> set[str]:
    """Return the folded words of their names: nobody is told that they are misspelt."""
    return {
        word
        for page, _stems in known_pages(language)
        for word in words_of(f"{page.name} {page.words}")
    }


def terms(language: str) -> Iterator[NamedPage]:
    on_one_page = fits_on_one_page(language)
    for entry in Entry.objects.current().in_language(language):
        yield NamedPage(
            gettext("Word explained"),
            entry.name,
            entry.address(on_one_page=on_one_page),
            entry.definition,
            words=entry.synonyms,
        )


def topics(language: str) -> Iterator[NamedPage]:
    live = Edition.objects.live().in_language(language).filter(topic=OuterRef("pk"))
    for topic in Topic.objects.filter(Exists(live)):
        yield NamedPage(
            gettext("Topic"), str(topic), topic.get_absolute_url(), str(topic.summary)
        )


def people() -> Iterator[NamedPage]:
    """Yield the doctors, and the contacts under every word that people use for them."""
    practice = Practice.objects.current()
    doctors = practice.doctors.all()
    for doctor in doctors:
        yield NamedPage(
            gettext("Doctor"),
            str(doctor),
            doctor.get_absolute_url(),
            str(doctor.speciality),
            words=f"{doctor.speciality} " + gettext("doctor physician specialist"),
        )
    names = [practice.name, *map(str, doctors), *map(str, practice.locations.all())]
    yield NamedPage(
        gettext("Contact"),
        gettext("Contact and hours"),
        reverse("clinic:contact"),
        words=" ".join(names)
        + " "
        + gettext(
            "phone telephone number call mobile email e-mail address way map "
            "directions reach arrive parking open opening hours times timetable "
            "closed closing holidays appointment appointments book booking visit "
            "doctor practice office clinic secretary WhatsApp fax"
        ),
        has_numbers=True,
    )

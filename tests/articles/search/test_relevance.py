"""What people look for comes first: their words, misspelt, inflected, without accents.

Whoever changes how the search ranks sees here what gets better and what worse.
"""

import tomllib
from pathlib import Path

import pytest
from django.db import connection
from django.utils import translation

from articles.search.finding import find
from tests import factories

pytestmark = pytest.mark.django_db

LANGUAGES = ("en", "it")
# The mean of 1 / (place of the page that was expected).
BAR = 0.95


def load(language):
    return tomllib.loads(
        (Path(__file__).parent / "relevance" / f"{language}.toml").read_text()
    )


@pytest.fixture(params=LANGUAGES)
def language(request):
    """The language of a site with the pages of the set, and of the other one."""
    topic, doctor = factories.TopicFactory(), factories.DoctorFactory()
    reviewer = factories.ReviewerFactory(doctor=doctor)
    for code in LANGUAGES:
        for slug, (title, phrases, text) in load(code)["pages"].items():
            factories.publish(
                factories.ArticleFactory(
                    language=code,
                    slug=slug,
                    title=title,
                    key_phrases=phrases,
                    summary=text.split(". ")[0] + ".",
                    body=f"<h2>{title}</h2><p>{text}</p>",
                    topic=topic,
                    author=doctor,
                ),
                by=reviewer,
            )
    with translation.override(request.param):
        yield request.param


def place_of(slug, found):
    """Return where a page stands, 1 for the first; 0 if it is not there."""
    slugs = [hit.edition.slug for hit in found]
    return slugs.index(slug) + 1 if slug in slugs else 0


def test_the_page_that_people_mean_comes_first(language, capsys):
    queries = load(language)["queries"]
    places = {}
    for text, slug in queries.items():
        results = find(text, language)
        shown = results.instead or results
        if slug:
            places[text] = place_of(slug, shown.hits(1))
        else:
            assert shown.count == 0, text

    mean = sum(1 / place for place in places.values() if place) / len(places)
    worse = {text: place for text, place in places.items() if place != 1}
    with capsys.disabled():
        print(
            f"\n{connection.vendor}, {language}: mean reciprocal rank {mean:.3f} "
            f"over {len(places)} queries; not first: {worse or 'none'}"
        )
    assert len(queries) >= 60
    assert mean >= BAR
    assert all(places.values()), "A page was not found at all."

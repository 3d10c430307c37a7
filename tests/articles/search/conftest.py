import pytest

from articles.search.finding import find
from tests import factories


@pytest.fixture
def article(db):
    """Publish an article of those words, and return it."""

    def publish(title, at=None, **fields):
        made = factories.ArticleFactory(title=title, **fields)
        factories.publish(made, at=at)
        return made

    return publish


def titles(text, language="en"):
    """What is found for a text, without what would be found for another."""
    return [hit.edition.title for hit in find(text, language).hits(1)]

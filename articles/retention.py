"""For how long the articles' part keeps what it writes down."""

from django.utils import translation

from articles.models import Unfound
from articles.search.finding import find
from clinic.retention import evidence, forgets

evidence.add("articles")


@forgets("searches in vain")
def searches_in_vain() -> int:
    return Unfound.objects.purge()


@forgets("searches that find something by now")
def answered_searches() -> int:
    """What a page answers since it was published waits for nobody any more."""
    answered = [row.pk for row in Unfound.objects.filter(ignored=False) if finds(row)]
    return Unfound.objects.filter(pk__in=answered).delete()[0]


def finds(row: Unfound) -> bool:
    with translation.override(row.language):
        return not find(row.words, row.language).in_vain

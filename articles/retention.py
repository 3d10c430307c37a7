"""For how long the articles' part keeps what it writes down."""

from articles.models import Unfound
from clinic.retention import evidence, forgets

evidence.add("articles")


@forgets("searches in vain")
def searches_in_vain() -> int:
    return Unfound.objects.purge()

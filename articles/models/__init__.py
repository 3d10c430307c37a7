"""Articles: what staff write, and the editions that visitors read."""

from articles.models.alignment import Alignment
from articles.models.article import Article
from articles.models.condition import Condition
from articles.models.edition import Change, Edition, EditionQuerySet
from articles.models.headword import Headword, HeadwordQuerySet
from articles.models.link import Link, LinkPlace
from articles.models.redirect import Redirect
from articles.models.related import Related
from articles.models.review import Review
from articles.models.rules import State, Step
from articles.models.search import Indexed, Spelling, Synonym, Unfound
from articles.models.source import Source
from articles.models.statement import Statement
from articles.models.term import Entry, EntryQuerySet, Term
from articles.models.topic import Topic, TopicAddress
from articles.models.wording import Wording

__all__ = [
    "Alignment",
    "Article",
    "Change",
    "Condition",
    "Edition",
    "EditionQuerySet",
    "Entry",
    "EntryQuerySet",
    "Link",
    "LinkPlace",
    "Redirect",
    "Headword",
    "HeadwordQuerySet",
    "Indexed",
    "Related",
    "Review",
    "Source",
    "Spelling",
    "State",
    "Statement",
    "Step",
    "Term",
    "Synonym",
    "Topic",
    "TopicAddress",
    "Unfound",
    "Wording",
]

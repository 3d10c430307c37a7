"""Articles: what staff write, and the editions that visitors read."""

from articles.models.article import Article
from articles.models.edition import Edition, EditionQuerySet
from articles.models.source import Source
from articles.models.statement import Statement
from articles.models.topic import Topic

__all__ = ["Article", "Edition", "EditionQuerySet", "Source", "Statement", "Topic"]

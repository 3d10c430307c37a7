"""Articles, topics and statements at the desk."""

from articles.admin.article import ArticleAdmin
from articles.admin.condition import ConditionAdmin
from articles.admin.link import LinkPlaceAdmin
from articles.admin.redirect import MissedAddressAdmin, RedirectAdmin
from articles.admin.search import SynonymAdmin, UnfoundAdmin
from articles.admin.statement import StatementAdmin
from articles.admin.term import TermAdmin
from articles.admin.topic import TopicAdmin
from articles.admin.wording import WordingAdmin

__all__ = [
    "ArticleAdmin",
    "ConditionAdmin",
    "LinkPlaceAdmin",
    "MissedAddressAdmin",
    "RedirectAdmin",
    "StatementAdmin",
    "SynonymAdmin",
    "TermAdmin",
    "TopicAdmin",
    "UnfoundAdmin",
    "WordingAdmin",
]

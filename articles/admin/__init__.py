"""Articles, topics and statements at the desk."""

from articles.admin.article import ArticleAdmin
from articles.admin.statement import StatementAdmin
from articles.admin.topic import TopicAdmin

__all__ = ["ArticleAdmin", "StatementAdmin", "TopicAdmin"]

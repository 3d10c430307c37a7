from django.urls import converters, path, register_converter
from django.utils.translation import pgettext_lazy

from articles import banners, feeds, views
from articles.alphabet import LETTERS
from articles.models import Statement
from articles.search.page import Search


class EditionNumber(converters.IntConverter):
    """The number of an edition, written in one way and small enough for any column."""

    regex = "[1-9][0-9]{0,5}"


class Letter(converters.StringConverter):
    """A letter of the A to Z."""

    regex = "|".join(LETTERS)


register_converter(EditionNumber, "edition")
register_converter(Letter, "letter")

app_name = "articles"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path(
        pgettext_lazy("address", "articles/"), views.ArticleList.as_view(), name="list"
    ),
    path("banner.png", banners.Banner.as_view(), name="banner"),
    path(
        pgettext_lazy("address", "articles/feed.atom"),
        feeds.ArticleFeed.as_view(),
        name="feed",
    ),
    path(
        pgettext_lazy("address", "articles/<slug:slug>/banner.png"),
        banners.ArticleBanner.as_view(),
        name="article_banner",
    ),
    path(
        pgettext_lazy("address", "articles/<slug:slug>/"),
        views.ArticleDetail.as_view(),
        name="article",
    ),
    path(
        pgettext_lazy("address", "articles/<slug:slug>/qr.svg"),
        views.ArticleQR.as_view(),
        name="qr",
    ),
    path(
        pgettext_lazy("address", "articles/<slug:slug>/by-mail/"),
        views.HandedOn.as_view(),
        name="by_mail",
    ),
    path(
        pgettext_lazy("address", "articles/<slug:slug>/editions/<edition:number>/"),
        views.EditionDetail.as_view(),
        name="edition",
    ),
    path(pgettext_lazy("address", "a-to-z/"), views.AToZ.as_view(), name="a_to_z"),
    path(
        pgettext_lazy("address", "a-to-z/<letter:letter>/"),
        views.LetterDetail.as_view(),
        name="letter",
    ),
    path(
        pgettext_lazy("address", "topics/<slug:slug>/"),
        views.TopicDetail.as_view(),
        name="topic",
    ),
    path(pgettext_lazy("address", "search/"), Search.as_view(), name="search"),
    path(
        pgettext_lazy("address", "glossary/"),
        views.Glossary.as_view(),
        name="glossary",
    ),
    path(
        pgettext_lazy("address", "glossary/<letter:letter>/"),
        views.GlossaryLetter.as_view(),
        name="glossary_letter",
    ),
    path(
        pgettext_lazy("address", "topics/<slug:slug>/feed.atom"),
        feeds.TopicFeed.as_view(),
        name="topic_feed",
    ),
    path(
        pgettext_lazy("address", "topics/<slug:slug>/banner.png"),
        banners.TopicBanner.as_view(),
        name="topic_banner",
    ),
    path(
        pgettext_lazy("address", "privacy/"),
        views.StatementDetail.as_view(kind=Statement.Kind.PRIVACY),
        name="privacy",
    ),
    path(
        pgettext_lazy("address", "accessibility/"),
        views.StatementDetail.as_view(kind=Statement.Kind.ACCESSIBILITY),
        name="accessibility",
    ),
]

from django.urls import path
from django.utils.translation import pgettext_lazy

from articles import views
from articles.models import Statement

app_name = "articles"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path(
        pgettext_lazy("address", "articles/"), views.ArticleList.as_view(), name="list"
    ),
    path(
        pgettext_lazy("address", "articles/<slug:slug>/"),
        views.ArticleDetail.as_view(),
        name="article",
    ),
    path(
        pgettext_lazy("address", "topics/<slug:slug>/"),
        views.TopicDetail.as_view(),
        name="topic",
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

"""Nothing that grows is counted to its end."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles import desk
from articles.models import Article
from clinic import counting
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def few(monkeypatch):
    """As if three were more than a thousand."""
    monkeypatch.setattr(counting, "CAP", 2)
    monkeypatch.setattr(counting.CappedPaginator, "CAP", 2)


@pytest.mark.parametrize(("rows", "count"), [(0, 0), (2, 2), (3, 3), (4, 3)])
def test_counting_ends_one_beyond_the_cap(few, rows, count):
    factories.TopicFactory.create_batch(rows)

    assert counting.capped(factories.TopicFactory._meta.model.objects.all()) == count


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0"), (2, "2"), (3, "more than 1,000")]
)
def test_what_is_beyond_the_cap_is_told_so(few, count, words):
    assert counting.told(count) == words


def test_the_list_of_articles_says_that_there_are_more(staff, few):
    factories.ArticleFactory.create_batch(3)
    page = staff.get(reverse("admin:articles_article_changelist")).text

    assert "There are more than 1,000. Please search or filter" in page


def test_the_list_of_few_articles_says_nothing(staff, few):
    factories.ArticleFactory.create_batch(2)
    page = staff.get(reverse("admin:articles_article_changelist")).text

    assert "more than 1,000" not in page


def test_the_first_page_of_the_desk_says_more_than_a_thousand(client, few):
    user = factories.UserFactory()
    client.force_login(user)
    for article in factories.ArticleFactory.create_batch(3):
        article.written(user)

    (task,) = [t for t in desk.waiting_for(user) if "to finish" in t.label]
    assert task.shown == "more than 1,000"
    assert "more than 1,000" in client.get(reverse("admin:index")).text


@pytest.mark.parametrize("model", ["articles_article", "clinic_picture"])
@pytest.mark.parametrize("query", ["", "?q=liver", "?p=1"])
def test_no_list_that_grows_is_counted_without_a_limit(staff, model, query):
    factories.ArticleFactory.create_batch(2)
    with CaptureQueriesContext(connection) as queries:
        staff.get(reverse(f"admin:{model}_changelist") + query)

    counts = [q["sql"] for q in queries if "COUNT(" in q["sql"]]
    assert counts
    assert [sql for sql in counts if "LIMIT 1001" not in sql] == []


def test_articles_are_listed_from_an_index():
    newest = Article.objects.order_by("-updated_at", "-pk")[:50]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # the table is empty here

    plan = newest.explain()

    assert "article_by_last_save" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan

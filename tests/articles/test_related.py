"""Where readers may go on from an article."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from articles.models import Edition, Related
from articles.related import MOST, related
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def topic():
    return factories.TopicFactory()


def published(title, at=None, **kwargs):
    article = factories.ArticleFactory(title=title, **kwargs)
    factories.publish(article, at=at)
    return article


def titles(article):
    return [e.title for e in related(Edition.objects.live().get(article=article))]


def choose(article, *others):
    for place, other in enumerate(others):
        Related.objects.create(article=article, other=other, position=place)


def test_what_staff_chose_comes_first_in_their_order(topic):
    article = published("This", topic=topic)
    first, second = published("First"), published("Second")
    for number in range(MOST):
        published(f"No. {number}", topic=topic)
    choose(article, second, first)

    assert titles(article) == ["Second", "First", "No. 3", "No. 2"]


def test_articles_with_the_same_words_come_before_the_topic(topic):
    article = published("Liver metastases", topic=topic, key_phrases="liver tumour")
    published("Metastasis in the liver")
    published("A tumour of the liver", key_phrases="metastatic")
    published("Liver function tests")
    published("Of the topic", topic=topic)
    published("Metastasi, liver tumour", language="it")

    assert titles(article) == [
        "A tumour of the liver",
        "Metastasis in the liver",
        "Of the topic",
    ]


def test_rarer_words_in_common_bring_articles_nearer():
    article = published("Liver spleen kidney tests")
    published("Tests of the kidney")
    published("Liver and spleen")
    for number in range(3):
        published(f"Kidney tests no. {number}")

    assert titles(article)[0] == "Liver and spleen"


def test_similar_articles_follow_what_is_live(topic):
    article = published("Liver metastases")
    published("Liver metastases, planned", at=timezone.now() + timedelta(days=1))
    published("Liver metastases, gone").withdraw()

    assert titles(article) == []


def test_what_is_chosen_and_of_the_topic_stands_once(topic):
    article = published("This", topic=topic)
    other, another = published("Other", topic=topic), published("Another", topic=topic)
    choose(article, other)

    assert titles(article) == ["Other", "Another"]
    assert titles(another) == ["Other", "This"]


def test_only_live_articles_of_the_language_are_related(topic):
    article = published("This", topic=topic)
    italian = published("Italian", topic=topic, language="it", translation_of=article)
    planned = published("Planned", at=timezone.now() + timedelta(days=1))
    withdrawn = published("Withdrawn")
    withdrawn.withdraw()
    choose(article, italian, planned, withdrawn, factories.ArticleFactory())

    assert titles(article) == []


def test_a_choice_holds_without_a_new_edition_and_leaves_a_signature(topic):
    article, other = published("This", topic=topic), published("Other")
    factories.sign(article)
    choose(article, other)

    assert titles(article) == ["Other"]
    article.refresh_from_db()
    assert article.signed_content == article.fingerprint()


def test_an_article_of_another_language_cannot_be_chosen():
    choice = Related(
        article=factories.ArticleFactory(),
        other=factories.ArticleFactory(language="it"),
    )

    with pytest.raises(ValidationError, match="another language"):
        choice.full_clean()


def test_an_article_is_chosen_once_and_never_for_itself():
    article, other = factories.ArticleFactory(), factories.ArticleFactory()
    choose(article, other)

    for again in (other, article):
        with pytest.raises(IntegrityError), transaction.atomic():
            Related.objects.create(article=article, other=again)


def test_the_desk_offers_articles_to_choose(staff):
    article, other = factories.ArticleFactory(), factories.ArticleFactory()
    choose(article, other)

    page = staff.get(f"/admin/articles/article/{article.pk}/change/").text

    assert 'name="chosen-0-other"' in page
    assert 'data-field-name="other"' in page

"""The life of an article: what visitors may read, and when."""

from datetime import timedelta

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from articles.models import Article, Edition
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_draft_is_not_live():
    factories.ArticleFactory()

    assert list(Edition.objects.live()) == []


def test_publishing_makes_the_first_edition():
    article = factories.ArticleFactory()
    factories.SourceFactory(article=article, doi="10.1234/x")

    edition = article.publish()

    assert article.live_edition() == edition
    assert edition.number == 1
    assert edition.sources == [
        {
            "title": "Institute: a page, 2026",
            "url": "https://www.example.org/page",
            "doi": "10.1234/x",
            "pmid": "",
        }
    ]
    assert article.differs_from(edition) is False


def test_publishing_again_replaces_the_live_edition_without_a_gap():
    article = factories.ArticleFactory()
    first = article.publish()
    article.title = "Another title"
    article.save()

    second = article.publish()

    first.refresh_from_db()
    assert list(Edition.objects.live()) == [second]
    assert (second.number, second.title) == (2, "Another title")
    assert first.live_until == second.live_from
    assert second.first_published_at == first.first_published_at


def test_saving_the_working_copy_changes_nothing_that_readers_see():
    article = factories.ArticleFactory(title="As published")
    article.publish()
    article.title = "As typed since"
    article.save()

    live = Edition.objects.live().get()

    assert live.title == "As published"
    assert article.differs_from(live) is True


def test_a_changed_source_is_a_difference():
    article = factories.ArticleFactory()
    edition = article.publish()

    factories.SourceFactory(article=article)

    assert article.differs_from(edition) is True


def test_withdrawing_ends_the_live_edition():
    article = factories.ArticleFactory()
    edition = article.publish()

    article.withdraw()

    assert list(Edition.objects.live()) == []
    edition.refresh_from_db()
    assert edition.live_until is not None


def test_a_withdrawn_article_can_be_published_again():
    article = factories.ArticleFactory()
    first = article.publish()
    article.withdraw()

    again = article.publish()

    assert (again.number, again.first_published_at) == (2, first.first_published_at)
    assert list(Edition.objects.live()) == [again]


def test_an_edition_is_live_from_its_first_to_before_its_last_moment():
    now = timezone.now()
    article = factories.ArticleFactory()
    edition = article.publish(at=now)
    article.withdraw(at=now + timedelta(hours=1))

    def live(after):
        return edition in Edition.objects.live(at=now + after)

    assert live(timedelta(seconds=-1)) is False
    assert live(timedelta(0)) is True
    assert live(timedelta(minutes=59)) is True
    assert live(timedelta(hours=1)) is False


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ({"summary": " "}, "The summary is empty."),
        ({"body": ""}, "The text is empty."),
        ({"topic": None}, "No topic is chosen."),
        ({"author": None}, "No author is chosen: a doctor has to sign."),
    ],
)
def test_an_incomplete_article_is_not_published(missing, sentence):
    article = factories.ArticleFactory(**missing)

    with pytest.raises(ValidationError) as refusal:
        article.publish()

    assert refusal.value.messages == [sentence]
    assert Edition.objects.count() == 0


def test_two_live_articles_never_share_an_address():
    first = factories.ArticleFactory(slug="fever")
    first.publish()
    first.slug = "high-fever"
    first.save()
    second = factories.ArticleFactory(slug="fever")

    with pytest.raises(ValidationError, match="under this address"):
        second.publish()


def test_the_database_refuses_a_second_live_edition():
    edition = factories.ArticleFactory().publish()
    edition.pk = None
    edition.number = 2

    with pytest.raises(IntegrityError), transaction.atomic():
        edition.save()


def test_the_database_refuses_an_edition_that_ends_before_it_begins():
    edition = factories.ArticleFactory().publish()

    with pytest.raises(IntegrityError), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(
            live_until=edition.live_from - timedelta(seconds=1)
        )


def test_the_preview_is_what_publishing_makes():
    article = factories.ArticleFactory()
    article.publish()
    article.body = "<p>New words.</p>"
    article.save()

    preview, published = article.next_edition(), article.publish()

    for name in (*Edition.COPIED, "number", "sources", "first_published_at"):
        assert getattr(preview, name) == getattr(published, name)


def test_the_link_to_a_translation_waits_for_publishing():
    english = factories.ArticleFactory(language="en")
    italian = factories.ArticleFactory(language="it", topic=english.topic)
    edition, _translated = english.publish(), italian.publish()
    italian.translation_of = english
    italian.save()

    assert edition.translations()["it"] is None

    again = italian.publish()

    assert edition.translations()["it"] == again.get_absolute_url()


def test_the_preview_of_a_withdrawn_article_continues_its_numbers():
    article = factories.ArticleFactory()
    first = article.publish()
    article.withdraw()

    preview = article.next_edition()

    assert (preview.number, preview.first_published_at) == (2, first.first_published_at)


def test_translations_are_found_from_both_sides():
    original = factories.ArticleFactory(language="en", slug="fever")
    italian = factories.ArticleFactory(
        language="it", slug="febbre", translation_of=original, topic=original.topic
    )
    edition, translated = original.publish(), italian.publish()

    assert edition.translations() == translated.translations()
    assert edition.translations()["it"] == translated.get_absolute_url()

    italian.withdraw()

    assert edition.translations()["it"] is None


def test_an_article_does_not_translate_itself():
    article = factories.ArticleFactory(language="en")
    article.language, article.translation_of = "it", article

    with pytest.raises(ValidationError) as refusal:
        article.full_clean()

    assert list(refusal.value.message_dict) == ["translation_of"]


def test_an_original_does_not_change_into_the_language_of_its_translation():
    original = factories.ArticleFactory(language="en")
    factories.ArticleFactory(
        language="it", translation_of=original, topic=original.topic
    )
    original.language = "it"

    with pytest.raises(ValidationError) as refusal:
        original.full_clean()

    assert list(refusal.value.message_dict) == ["language"]


EVIL = "<p>Text<script>alert(1)</script></p>"


def raw_fixture(article):
    data = serializers.serialize("python", [article])
    data[0]["fields"]["body"] = EVIL
    for deserialized in serializers.deserialize("python", data):
        deserialized.save()


@pytest.mark.parametrize(
    "write",
    [
        lambda article: article.save(),
        lambda article: Article.objects.bulk_update([article], ["body"]),
        lambda article: Article.objects.update(body=EVIL),
        raw_fixture,
    ],
    ids=["save", "bulk_update", "update", "fixture"],
)
def test_no_script_enters_the_database(write):
    article = factories.ArticleFactory()
    article.body = EVIL

    write(article)

    assert Article.objects.get().body == "<p>Text</p>"

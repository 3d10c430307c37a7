"""Editions: what visitors may read, and when; and that they never change."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from reversion.models import Version

from articles.models import Article, Change, Edition
from tests import factories

pytestmark = pytest.mark.django_db

# The first day of a story; the clock stands at noon of it.
DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def day(number):
    """Noon of that day of the story."""
    return DAY + timedelta(days=number)


def publish(article, at, kind=Change.CONTENT, **changes):
    """Change the article, mark the change and publish it from that day on."""
    article.refresh_from_db()
    for name, value in changes.items():
        setattr(article, name, value)
    article.change_kind = kind
    article.save()
    return factories.publish(article, at=day(at))


@pytest.fixture
def story():
    """An article, in a time that stands still at noon of day 0."""
    with time_machine.travel(DAY, tick=False):
        yield factories.ArticleFactory()


def test_a_draft_is_not_live():
    factories.ArticleFactory()

    assert list(Edition.objects.live()) == []


def test_publishing_makes_the_first_edition():
    article = factories.ArticleFactory()
    factories.SourceFactory(article=article, doi="10.1234/x")

    edition = factories.publish(article)

    assert article.current_edition() == edition
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
    first = factories.publish(article)
    article.title = "Another title"
    article.save()

    second = factories.publish(article)

    first.refresh_from_db()
    assert list(Edition.objects.live()) == [second]
    assert (second.number, second.title) == (2, "Another title")
    assert first.live_until == second.live_from
    assert second.first_published_at == first.first_published_at


def test_saving_the_working_copy_changes_nothing_that_readers_see():
    article = factories.ArticleFactory(title="As published")
    factories.publish(article)
    article.title = "As typed since"
    article.save()

    live = Edition.objects.live().get()

    assert live.title == "As published"
    assert article.differs_from(live) is True


def test_a_changed_source_is_a_difference():
    article = factories.ArticleFactory()
    edition = factories.publish(article)

    factories.SourceFactory(article=article)

    assert article.differs_from(edition) is True


def test_withdrawing_ends_the_live_edition():
    article = factories.ArticleFactory()
    edition = factories.publish(article)

    article.withdraw()

    assert list(Edition.objects.live()) == []
    edition.refresh_from_db()
    assert edition.live_until is not None


def test_a_withdrawn_article_can_be_published_again():
    article = factories.ArticleFactory()
    first = factories.publish(article)
    article.withdraw()

    again = factories.publish(article)

    assert (again.number, again.first_published_at) == (2, first.first_published_at)
    assert list(Edition.objects.live()) == [again]


def test_an_edition_is_live_from_its_first_to_before_its_last_moment():
    now = timezone.now()
    article = factories.ArticleFactory()
    edition = factories.publish(article, at=now)
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
        factories.publish(article)

    assert refusal.value.messages == [sentence]
    assert Edition.objects.count() == 0


def test_two_live_articles_never_share_an_address():
    first = factories.ArticleFactory(slug="fever")
    factories.publish(first)
    first.slug = "high-fever"
    first.save()
    second = factories.ArticleFactory(slug="fever")

    with pytest.raises(ValidationError, match="has stood at this address"):
        factories.publish(second)

    assert list(Edition.objects.live().values_list("article", flat=True)) == [first.pk]


@pytest.mark.parametrize("field", ["article", "slug"])
def test_the_database_refuses_a_second_live_edition(field):
    """Neither of one article nor at one address."""
    edition = factories.publish(factories.ArticleFactory())
    edition.pk, edition.number, edition._state.adding = None, 2, True
    if field == "article":
        edition.slug = "another"
    else:
        edition.article = factories.ArticleFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        edition.save()


def test_the_database_refuses_an_edition_that_ends_before_it_begins():
    edition = factories.publish(factories.ArticleFactory())

    with pytest.raises(IntegrityError), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(
            live_until=edition.live_from - timedelta(seconds=1)
        )


@pytest.mark.parametrize("kind", Change)
def test_the_preview_is_what_publishing_makes(kind):
    article = factories.ArticleFactory()
    factories.publish(article)
    article.refresh_from_db()
    article.body, article.change_kind = "<p>New words.</p>", kind
    article.change_note = "The words are new."
    factories.SourceFactory(article=article)
    factories.sign(article)
    now = timezone.now()

    preview, published = article.next_edition(now), article.publish(by=None, at=now)

    its_own = {"digest", "id", "published_at"}
    for field in Edition._meta.concrete_fields:
        if field.name not in its_own:
            name = field.attname
            assert getattr(preview, name) == getattr(published, name), name


def test_the_link_to_a_translation_waits_for_publishing():
    english = factories.ArticleFactory(language="en")
    italian = factories.ArticleFactory(language="it", topic=english.topic)
    edition, _translated = factories.publish(english), factories.publish(italian)
    italian.translation_of = english
    italian.save()

    assert edition.translations()["it"] is None

    again = factories.publish(italian)
    edition = Edition.objects.get(pk=edition.pk)

    assert edition.translations()["it"] == again.get_absolute_url()


def test_the_preview_of_a_withdrawn_article_continues_its_numbers():
    article = factories.ArticleFactory()
    first = factories.publish(article)
    article.withdraw()

    preview = article.next_edition()

    assert (preview.number, preview.first_published_at) == (2, first.first_published_at)


def test_translations_are_found_from_both_sides():
    original = factories.ArticleFactory(language="en", slug="fever")
    italian = factories.ArticleFactory(
        language="it", slug="febbre", translation_of=original, topic=original.topic
    )
    edition, translated = factories.publish(original), factories.publish(italian)

    assert edition.translations() == translated.translations()
    assert edition.translations()["it"] == translated.get_absolute_url()

    italian.withdraw()
    edition = Edition.objects.get(pk=edition.pk)

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


# Immutability ################################################################


def published_edition():
    return factories.publish(factories.ArticleFactory(title="As published"))


@pytest.mark.parametrize(
    "change",
    [
        lambda edition: edition.save(),
        lambda edition: edition.save(update_fields=["title"]),
        lambda edition: edition.save(force_insert=True),
        lambda edition: edition.delete(),
        lambda edition: Edition.objects.update(title="Forged"),
        lambda edition: Edition.objects.update(live_from=timezone.now()),
        lambda edition: Edition.objects.update(title="Forged", live_until=None),
        lambda edition: edition.article.editions.update(body="Forged"),
        lambda edition: edition.article.editions.all().update(number=7),
        lambda edition: Edition.objects.bulk_update([edition], ["title"]),
        lambda edition: Edition.objects.update_or_create(
            {"title": "Forged"}, pk=edition.pk
        ),
        lambda edition: Edition.objects.all().delete(),
        lambda edition: edition.article.editions.all().delete(),
        lambda edition: Edition.objects.none().delete(),
    ],
)
def test_an_edition_is_neither_changed_nor_deleted(change):
    edition = published_edition()
    before = Edition.objects.values().get()
    edition.title = "Forged"

    with pytest.raises(TypeError, match="^An edition "), transaction.atomic():
        change(edition)

    assert Edition.objects.values().get() == before


def test_the_refusal_says_what_to_do_instead():
    edition = published_edition()

    with pytest.raises(TypeError) as not_changed:
        edition.save()
    with pytest.raises(TypeError) as not_deleted:
        edition.delete()

    assert str(not_changed.value) == (
        "An edition never changes: publish another one."
    )  # fmt: skip
    assert str(not_deleted.value) == "An edition is never deleted: withdraw it."


def test_how_an_edition_ends_is_written_to_it():
    edition = published_edition()
    before = Edition.objects.values().get()
    end = {"live_until": edition.live_from + timedelta(1), "withdrawal_note": "Over."}

    Edition.objects.filter(pk=edition.pk).update(**end)

    assert Edition.objects.values().get() == before | end


def test_nothing_that_follows_changes_an_edition(story):
    publish(story, -1, title="First")
    before = Edition.objects.values().get()

    publish(story, 1, title="Second")
    publish(story, 2, Change.FORM, title="Third")
    story.call_off(by=None)
    story.review(by=factories.ReviewerFactory(), outcome="CHANGES", note="Wrong.")
    story.withdraw(note="Over.")

    end = {"live_until": day(0), "withdrawal_note": "Over."}
    assert Edition.objects.values().get(number=1) == before | end


@pytest.mark.parametrize(
    "delete",
    [
        lambda row: row.delete(),
        lambda row: type(row).objects.filter(pk=row.pk).delete(),
    ],
)
@pytest.mark.parametrize("name", ["article", "author", "topic", "signed_by"])
def test_nothing_that_an_edition_leans_on_is_deleted(name, delete):
    edition = published_edition()
    before = Edition.objects.values().get()

    with pytest.raises(models.ProtectedError), transaction.atomic():
        delete(getattr(edition, name))

    assert Edition.objects.values().get() == before


# Which edition brought the content ###########################################


def content_of(edition):
    """Of which kind it is, and which content it shows since which day."""
    since = (edition.content_since - DAY).days
    return edition.change_kind, edition.content_number, since


def test_the_first_edition_brings_its_content():
    with time_machine.travel(DAY, tick=False):
        edition = factories.publish(factories.ArticleFactory())

    assert content_of(edition) == (Change.CONTENT, 1, 0)


def test_a_first_edition_is_no_correction_whatever_it_was_marked(story):
    edition = publish(story, 0, Change.FORM)

    assert content_of(edition) == (Change.CONTENT, 1, 0)


def test_a_change_of_content_brings_its_own(story):
    publish(story, 0)

    second = publish(story, 3)

    assert content_of(second) == (Change.CONTENT, 2, 3)


def test_corrections_of_form_keep_the_content_that_they_correct(story):
    publish(story, 0)
    publish(story, 1)

    corrections = [publish(story, at, Change.FORM) for at in (2, 3, 4)]

    assert [edition.number for edition in corrections] == [3, 4, 5]
    assert [content_of(edition) for edition in corrections] == [
        (Change.FORM, 2, 1)
    ] * 3  # fmt: skip


def test_a_change_of_content_after_a_correction_of_form_begins_anew(story):
    publish(story, 0)
    publish(story, 1, Change.FORM)

    third = publish(story, 2)

    assert content_of(third) == (Change.CONTENT, 3, 2)


def test_a_correction_of_form_after_a_withdrawal_keeps_the_content(story):
    publish(story, 0)
    story.withdraw(at=day(1))

    again = publish(story, 2, Change.FORM)

    assert content_of(again) == (Change.FORM, 1, 0)


def test_a_correction_of_what_readers_never_saw_is_new_to_them(story):
    publish(story, 0)
    story.refresh_from_db()
    story.change_note = "The dose is new."
    story.save()
    publish(story, 5, title="Called off")

    corrected = publish(story, 2, Change.FORM, title="Corrected", change_note="")

    assert Edition.objects.get(number=2).is_called_off is True
    assert content_of(corrected) == (Change.CONTENT, 2, 2)
    assert corrected.change_note == "The dose is new."


def test_corrections_of_that_correction_keep_its_content(story):
    publish(story, 0)
    publish(story, 5)
    publish(story, 2, Change.FORM)

    again = publish(story, 3, Change.FORM)

    assert content_of(again) == (Change.FORM, 2, 2)


def test_a_correction_on_top_of_a_correction_that_was_called_off(story):
    """The content that both correct has been before readers all the while."""
    publish(story, 0)
    publish(story, 5, Change.FORM)

    third = publish(story, 2, Change.FORM)

    assert Edition.objects.get(number=2).is_called_off is True
    assert content_of(third) == (Change.FORM, 1, 0)


def test_a_correction_planned_after_a_planned_content_keeps_that(story):
    publish(story, 0)
    publish(story, 5)

    third = publish(story, 7, Change.FORM)

    assert Edition.objects.get(number=2).is_called_off is False
    assert content_of(third) == (Change.FORM, 2, 5)


def test_what_is_published_at_the_moment_of_another_replaces_it_unseen(story):
    publish(story, 0)
    publish(story, 5)

    third = publish(story, 5, Change.FORM)

    assert Edition.objects.get(number=2).is_called_off is True
    assert content_of(third) == (Change.CONTENT, 2, 5)
    assert list(Edition.objects.live(day(5))) == [third]


def test_a_signature_that_is_taken_back_is_of_the_text_that_stands_there(story):
    """Of two planned editions, the working copy holds the later one."""
    publish(story, 0)
    publish(story, 5, title="Signed first")
    other = factories.ReviewerFactory()
    story.refresh_from_db()
    story.title, story.change_note = "Signed by another", "The title is new."
    story.save()
    factories.publish(story, by=other, at=day(7))

    story.call_off(by=None)

    assert (story.title, story.signed_by, story.change_note) == (
        "Signed by another", other, "The title is new.",
    )  # fmt: skip
    assert story.signed_content == story.fingerprint()


# First published #############################################################


def first_published(edition):
    return (edition.first_published_at - DAY).days


def test_the_first_day_stays_whatever_follows(story):
    publish(story, -9)

    later = [
        publish(story, -5),
        publish(story, -3, Change.FORM),
        publish(story, 4),
        publish(story, 8),
    ]
    story.withdraw(at=day(-1))
    later.append(publish(story, 1))

    assert [first_published(edition) for edition in later] == [-9] * 5


def test_what_was_called_off_was_not_published_first(story):
    publish(story, 5)
    story.call_off(by=None)

    second = publish(story, 7)

    assert first_published(second) == 7


def test_what_is_published_before_what_was_planned_is_the_first(story):
    publish(story, 5)

    second = publish(story, 2)
    third = publish(story, 9)

    assert [first_published(edition) for edition in (second, third)] == [2, 2]


def test_what_is_planned_after_the_first_plan_follows_it(story):
    publish(story, 5)

    second = publish(story, 7)

    assert first_published(second) == 5


# Numbers #####################################################################


def test_no_number_is_given_twice(story):
    publish(story, 0)
    publish(story, 3)
    story.call_off(by=None)
    publish(story, 5)
    publish(story, 2)
    story.withdraw()
    last = publish(story, 6)

    numbers = list(story.editions.order_by("pk").values_list("number", flat=True))
    assert numbers == [1, 2, 3, 4, 5]
    assert (last.number, story.next_edition().number) == (5, 6)


def test_each_article_counts_for_itself():
    first, second = factories.ArticleFactory(), factories.ArticleFactory()

    numbers = [
        factories.publish(article).number for article in (first, first, second)
    ]  # fmt: skip

    assert numbers == [1, 2, 1]


def test_the_database_refuses_a_number_that_was_given():
    edition = published_edition()
    edition.pk, edition.slug, edition._state.adding = None, "another", True
    edition.live_until = edition.live_from

    with pytest.raises(IntegrityError), transaction.atomic():
        edition.save()


# Addresses ###################################################################


def live(article):
    factories.publish(article)


def withdrawn(article):
    factories.publish(article)
    article.withdraw()


def moved(article):
    factories.publish(article)
    article.slug = "elsewhere"
    article.save()
    factories.publish(article)


def moved_and_withdrawn(article):
    moved(article)
    article.withdraw()


def planned(article):
    factories.publish(article, at=timezone.now() + timedelta(days=1))


def called_off(article):
    planned(article)
    article.call_off(by=None)


def beside(article):
    """Another article takes the address as soon as the first one lets it go."""
    Article.objects.filter(pk=article.pk).update(slug="let-go")
    return factories.ArticleFactory(slug="fever")


@pytest.mark.parametrize("lead", [live, withdrawn, moved, moved_and_withdrawn, planned])
def test_an_address_that_readers_have_used_is_taken_for_ever(lead):
    first = factories.ArticleFactory(slug="fever", title="The first")
    lead(first)
    second = beside(first)

    assert second.problems() == [
        "“The first” has stood at this address: whoever kept a link to it would find "
        "another page. Please change the address here."
    ]
    with pytest.raises(ValidationError):
        factories.sign(second)


@pytest.mark.parametrize("lead", [called_off, lambda article: None])
def test_an_address_that_readers_never_saw_is_free(lead):
    first = factories.ArticleFactory(slug="fever")
    lead(first)
    second = beside(first)

    assert second.problems() == []
    assert factories.publish(second).slug == "fever"


def test_an_address_is_taken_in_one_language_only():
    live(factories.ArticleFactory(slug="fever", language="en"))
    italian = factories.ArticleFactory(slug="fever", language="it")

    assert italian.problems() == []


def test_an_article_may_return_to_its_own_address():
    article = factories.ArticleFactory(slug="fever")
    moved(article)
    article.refresh_from_db()
    article.slug, article.change_note = "fever", "Back at its old address."
    article.save()

    assert article.problems() == []
    assert factories.publish(article).slug == "fever"


# Nothing hostile is stored ###################################################

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


def test_no_script_enters_the_history():
    article = factories.ArticleFactory()
    article.body = EVIL

    article.written(None)

    kept = Version.objects.get_for_object(article).get()
    assert kept.field_dict["body"] == article.body == "<p>Text</p>"


def test_no_script_enters_an_edition():
    article = factories.ArticleFactory(body=EVIL)

    edition = factories.publish(article)

    assert Edition.objects.get().body == edition.body == "<p>Text</p>"

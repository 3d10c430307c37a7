"""Migrations that touch data: what was there before, and what has become of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from articles.desk import behind
from articles.models import (
    Article,
    Edition,
    Headword,
    Link,
    LinkPlace,
    State,
    Statement,
    Wording,
)
from tests import factories
from tests.clinic.test_roles import MANAGER, REVIEWER, WRITER

pytestmark = pytest.mark.django_db(transaction=True)

NEWEST = None
NOW = datetime(2026, 6, 8, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def migrate():
    """Take the database to a migration of the articles; at the end to the newest."""

    def to(name):
        executor = MigrationExecutor(connection)
        targets = [("articles", name)] if name else executor.loader.graph.leaf_nodes()
        return executor.migrate(targets).apps

    yield to
    to(NEWEST)


# 0004: editions and copies from before there were states ######################


@pytest.fixture
def before(migrate):
    """The models as they were when publishing was one button, with a row of each."""
    models = migrate("0002_statements")
    practice = models.get_model("clinic", "Practice").objects.create(pk=1)
    doctor = models.get_model("clinic", "Doctor").objects.create(
        practice=practice, first_name="Ada", last_name="Test", slug="ada"
    )
    topic = models.get_model("articles", "Topic").objects.create(slug="liver")
    return Before(models, doctor, topic)


class Before:
    """Makes articles and editions by the models of then."""

    WORDS = ("language", "title", "slug", "summary", "body", "topic", "author")

    def __init__(self, models, doctor, topic):
        self.models, self.doctor, self.topic = models, doctor, topic

    def article(self, slug, sources=(), **kwargs):
        article = self.models.get_model("articles", "Article").objects.create(
            language="en",
            title=slug.capitalize(),
            slug=slug,
            summary="Words.",
            body="<p>Words.</p>",
            topic=self.topic,
            author=self.doctor,
            **kwargs,
        )
        for position, title in sources:
            self.models.get_model("articles", "Source").objects.create(
                article=article, title=title, position=position
            )
        return article

    def edition(self, article, number, sources=(), until=None, **kwargs):
        begins = NOW + number * DAY
        words = {name: getattr(article, name) for name in self.WORDS}
        return self.models.get_model("articles", "Edition").objects.create(
            article=article,
            number=number,
            live_from=begins,
            live_until=until,
            first_published_at=NOW + DAY,
            published_at=begins,
            sources=[
                {"title": title, "url": "", "doi": "", "pmid": ""} for title in sources
            ],
            **words | kwargs,
        )


def test_what_was_published_before_is_content_that_nobody_has_reviewed(before, migrate):
    article = before.article("twice")
    before.edition(article, 1, until=NOW + 2 * DAY, title="Once")
    before.edition(article, 2)

    migrate(NEWEST)

    told = Edition.objects.order_by("number").values_list(
        "title", "number", "content_number", "content_since", "change_kind",
        "change_note", "signed_by", "written_by",
    )  # fmt: skip
    assert list(told) == [
        ("Once", 1, 1, NOW + DAY, "CONTENT", "", None, None),
        ("Twice", 2, 2, NOW + 2 * DAY, "CONTENT", "", None, None),
    ]
    live = Edition.objects.live(NOW + 3 * DAY).get()
    assert (live.title, live.last_review, live.review_due_date) == ("Twice", None, None)


def test_a_copy_that_is_as_published_waits_for_nothing(before, migrate):
    sources = [(1, "Second"), (0, "First")]
    in_order = ["First", "Second"]
    before.article("never")
    same = before.article("same", sources)
    before.edition(same, 1, in_order)
    withdrawn = before.article("withdrawn")
    before.edition(withdrawn, 1, until=NOW + 2 * DAY)
    of_two = before.article("second")
    before.edition(of_two, 1, until=NOW + 2 * DAY, title="First")
    before.edition(of_two, 2)
    as_the_first = before.article("first")
    before.edition(as_the_first, 1, until=NOW + 2 * DAY)
    before.edition(as_the_first, 2, title="Second")
    for slug, difference in [
        ("title", {"title": "Other"}),
        ("text", {"body": "<p>Other.</p>"}),
        ("topic", {"topic": None}),
        ("phrases", {"key_phrases": "other"}),
        ("sample", {"is_sample": True}),
    ]:
        before.edition(before.article(slug), 1, **difference)
    before.edition(before.article("a-source-more", sources), 1, ["First"])
    before.edition(before.article("other-order", sources), 1, in_order[::-1])

    migrate(NEWEST)

    states = dict(Article.objects.values_list("slug", "state"))
    published = {slug for slug, state in states.items() if state == State.PUBLISHED}
    assert published == {"same", "withdrawn", "second"}
    assert set(states.values()) == {State.PUBLISHED, State.DRAFT}
    assert len(states) == 12


def test_what_was_filled_in_is_what_the_models_say_of_it(before, migrate):
    """The migration knows what publishing copied then; the models what it copies."""
    article = before.article("same", [(0, "First")])
    before.edition(article, 1, ["First"])
    changed = before.article("changed")
    before.edition(changed, 1, title="Other")

    migrate(NEWEST)

    for article in Article.objects.all():
        is_as_published = not article.differs_from(article.editions.get())
        assert is_as_published is (article.state == State.PUBLISHED)


def test_an_empty_portal_is_migrated_and_back(migrate):
    for name in ("0002_statements", NEWEST, "0003_life_of_an_article", NEWEST):
        migrate(name)

    assert Article.objects.count() == Edition.objects.count() == 0


def test_going_back_keeps_every_edition(before, migrate):
    article = before.article("kept")
    before.edition(article, 1, title="As published")
    migrate(NEWEST)

    models = migrate("0002_statements")

    edition = models.get_model("articles", "Edition").objects.get()
    assert (edition.number, edition.title) == (1, "As published")


# 0006: roles ##################################################################

ROLES = {"writer": WRITER, "reviewer": REVIEWER, "manager": MANAGER}


def granted(group):
    return {
        f"{permission.content_type.app_label}.{permission.codename}"
        for permission in group.permissions.select_related("content_type")
    }


def test_the_roles_are_made_where_django_has_made_no_permission_yet(migrate):
    """On a new portal permissions come after the last migration."""
    migrate("0005_content_of_editions_required")
    Group.objects.all().delete()
    Permission.objects.all().delete()

    migrate(NEWEST)

    assert {group.name: granted(group) for group in Group.objects.all()} == ROLES


def made_by_django():
    """Let Django make every permission that is missing; return all with their names."""
    for config in apps.get_app_configs():
        create_permissions(config, verbosity=0)
    return {
        (row.content_type_id, row.codename): row.name
        for row in Permission.objects.all()
    }


def test_the_migration_names_permissions_as_django_does(migrate):
    migrate("0005_content_of_editions_required")
    Permission.objects.all().delete()
    migrate(NEWEST)
    of_roles = set(Permission.objects.values_list("pk", flat=True))

    beside_them = made_by_django()
    count = Permission.objects.count()
    kept = set(Permission.objects.values_list("pk", flat=True))
    Permission.objects.all().delete()

    assert of_roles <= kept
    assert len(beside_them) == count  # none stands twice
    assert beside_them == made_by_django()


def test_a_group_that_was_there_keeps_its_members_and_what_it_may(migrate, db_user):
    migrate("0005_content_of_editions_required")
    Group.objects.all().delete()
    group = Group.objects.create(name="writer")
    extra = Permission.objects.get(codename="view_practice")
    group.permissions.add(extra)
    db_user.groups.add(group)

    migrate(NEWEST)

    assert granted(group) == WRITER | {"clinic.view_practice"}
    assert list(group.user_set.all()) == [db_user]


@pytest.fixture
def db_user(migrate):
    return apps.get_model("clinic", "User").objects.create(username="ada")


# 0007: wordings to avoid ######################################################


def test_the_portal_comes_with_wordings_in_both_languages(migrate):
    migrate("0006_roles")
    Wording.objects.all().delete()

    migrate(NEWEST)

    for language in ("en", "it"):
        assert Wording.objects.filter(language=language).count() > 20
    for wording in Wording.objects.all():
        wording.full_clean()  # nothing is too long for its column, nothing twice
        assert wording.phrase == " ".join(wording.phrase.split())
        assert wording.reason.endswith(".")


def test_applied_again_the_wordings_of_the_practice_stay(migrate):
    migrate("0006_roles")
    Wording.objects.all().delete()
    migrate(NEWEST)
    count = Wording.objects.count()
    edited = Wording.objects.first()
    Wording.objects.filter(pk=edited.pk).update(reason="Edited.")
    Wording.objects.create(language="en", phrase="our own", reason="Added.")

    migrate("0006_roles")
    migrate(NEWEST)

    assert Wording.objects.count() == count + 1
    assert Wording.objects.get(pk=edited.pk).reason == "Edited."
    assert Wording.objects.get(phrase="our own").reason == "Added."


# The A to Z of what was published before ######################################


def test_what_was_published_before_stands_in_the_a_to_z(before, migrate):
    article = before.article("fever")
    before.edition(article, 1, until=NOW + 2 * DAY, title="Old fever")
    before.edition(article, 2, key_phrases="hot")

    migrate(NEWEST)

    entries = Headword.objects.order_by("pk").values_list(
        "edition__number", "language", "letter", "key", "label", "is_title"
    )
    assert list(entries) == [
        (1, "en", "o", "old fever", "Old fever", True),
        (2, "en", "f", "fever", "Fever", True),
        (2, "en", "h", "hot", "Hot", False),
    ]


# The edition that a translation was made from #################################


@pytest.fixture
def pairs(migrate):
    """Makes originals and translations by the models of before."""
    models = migrate("0009_lists_of_the_desk")
    return Pairs(models)


class Pairs:
    def __init__(self, models):
        self.articles, self.editions = (
            models.get_model("articles", name) for name in ("Article", "Edition")
        )

    def article(self, slug, language="en", original=None, begun=None):
        article = self.articles.objects.create(
            language=language, title=slug, slug=slug, translation_of=original
        )
        if begun is not None:
            self.articles.objects.filter(pk=article.pk).update(
                created_at=NOW + begun * DAY
            )
        return article

    def edition(self, article, number, begins, ends=None, since=None):
        """An edition from one day to another; its content is of the day ``since``."""
        begins, since = (
            NOW + d * DAY for d in (begins, begins if since is None else since)
        )
        return self.editions.objects.create(
            article=article,
            number=number,
            content_number=number,
            content_since=since,
            language=article.language,
            title=article.title,
            slug=article.slug,
            translation_of=article.translation_of,
            live_from=begins,
            live_until=None if ends is None else NOW + ends * DAY,
            first_published_at=begins,
            published_at=begins,
        )


def made_from(model):
    """The number of the edition of its original, by slug, and of editions by number."""
    numbers = model.objects.values_list("slug", "original_edition__number")
    return dict(numbers.exclude(translation_of=None))


def test_a_translation_was_made_from_what_readers_of_its_original_saw_then(
    pairs, migrate
):
    original = pairs.article("original")
    pairs.edition(original, 1, 1, ends=3)
    pairs.edition(original, 2, 3, ends=3)  # called off
    pairs.edition(original, 3, 3, ends=9)
    pairs.edition(original, 4, 9)
    for slug, language, begins in [
        ("before-any", "it", 0), ("of-first", "de", 2), ("same-day", "fr", 3),
        ("of-third", "es", 8), ("of-last", "pt", 9),
    ]:  # fmt: skip
        article = pairs.article(slug, language, original)
        pairs.edition(article, 1, begins)
    corrected = pairs.article("corrected", "ro", original)
    pairs.edition(corrected, 1, 2, ends=10)
    pairs.edition(corrected, 2, 10, since=2)

    migrate(NEWEST)

    expected = {
        "before-any": 1, "of-first": 1, "same-day": 3, "of-third": 3, "of-last": 4,
        "corrected": 1,
    }  # fmt: skip
    assert made_from(Edition) == made_from(Article) == expected
    assert list(
        Edition.objects.filter(slug="corrected").values_list(
            "original_edition__number", flat=True
        )
    ) == [1, 1]
    assert not Article.objects.get(slug="original").original_edition_id


def test_a_draft_was_made_from_what_was_there_when_it_was_begun(pairs, migrate):
    original, unseen = pairs.article("original"), pairs.article("unseen")
    pairs.edition(original, 1, 1, ends=3)
    pairs.edition(original, 2, 3)
    pairs.article("early", "it", original, begun=2)
    pairs.article("late", "de", original, begun=4)
    pairs.article("of-nothing", "it", unseen, begun=4)

    migrate(NEWEST)

    assert made_from(Article) == {"early": 1, "late": 2, "of-nothing": None}


def test_a_translation_linked_anew_was_made_from_its_new_original(pairs, migrate):
    first, second = pairs.article("first"), pairs.article("second")
    for original in (first, second):
        pairs.edition(original, 1, 1)
    article = pairs.article("translation", "it", first, begun=4)
    pairs.edition(article, 1, 2)
    pairs.articles.objects.filter(pk=article.pk).update(translation_of=second)

    migrate(NEWEST)

    edition = Edition.objects.get(slug="translation")
    assert edition.original_edition == Edition.objects.get(slug="first")
    working_copy = Article.objects.get(slug="translation")
    assert working_copy.original_edition == Edition.objects.get(slug="second")


def test_nothing_is_behind_after_the_migration_that_was_not_before(pairs, migrate):
    original = pairs.article("original")
    pairs.edition(original, 1, -9, ends=-5)
    pairs.edition(original, 2, -5)
    for slug, language, begins in (("behind", "it", -8), ("follows", "de", -4)):
        pairs.edition(pairs.article(slug, language, original), 1, begins)

    migrate(NEWEST)

    articles = Article.objects.with_state(NOW)
    live = Edition.objects.live(NOW)
    told = {
        edition.slug: edition.newer_original()
        for edition in live.exclude(translation_of=None)
    }
    assert told == {"behind": live.get(slug="original"), "follows": None}
    assert [a.slug for a in behind(articles, None)] == ["behind"]


# Links of statements ##########################################################


def test_going_back_forgets_where_links_of_statements_stand(migrate):
    article = factories.ArticleFactory()
    statement = Statement.objects.create(kind="PRIVACY", language="en")
    link = Link.objects.create(kind="WEB", address="https://www.example.net/")
    for place in ({"article": article}, {"statement": statement}):
        LinkPlace.objects.create(link=link, part="BODY", **place)

    models = migrate("0026_spellings_by_beginning")

    places = models.get_model("articles", "LinkPlace").objects
    assert list(places.values_list("article")) == [(article.pk,)]

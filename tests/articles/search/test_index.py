"""The index follows what is published, exactly, whatever happens in between."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction

from articles.models import Edition, Indexed, Spelling
from articles.search import engine, index, words
from articles.search.finding import find
from tests import factories
from tests.articles.search.conftest import titles

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(days=1)
TICK = timedelta(microseconds=1)


def test_what_is_published_is_found_at_once(article):
    article("Ablation")

    assert titles("ablation") == ["Ablation"]


def test_a_draft_is_not_found(db):
    factories.ArticleFactory(title="Ablation")

    assert titles("ablation") == []


def test_what_is_planned_is_found_from_its_moment_on(article):
    with time_machine.travel(NOW, tick=False) as clock:
        article("Ablation", at=SOON)
        assert titles("ablation") == []

        clock.move_to(SOON - TICK)
        assert titles("ablation") == []

        clock.move_to(SOON)
        assert titles("ablation") == ["Ablation"]


def test_what_ends_is_found_until_its_moment(article):
    with time_machine.travel(NOW, tick=False) as clock:
        article("Ablation").withdraw(at=SOON)

        clock.move_to(SOON - TICK)
        assert titles("ablation") == ["Ablation"]

        clock.move_to(SOON)
        assert titles("ablation") == []


def test_a_new_edition_takes_the_place_of_the_old_one_at_its_moment(article):
    with time_machine.travel(NOW, tick=False) as clock:
        changed = article("Ablation")
        changed.title = "Embolisation"
        changed.save()
        factories.publish(changed, at=SOON)

        assert titles("ablation") == ["Ablation"]
        assert titles("embolisation") == []

        clock.move_to(SOON)
        assert titles("ablation") == []
        assert titles("embolisation") == ["Embolisation"]


def test_what_was_called_off_is_never_found(article):
    with time_machine.travel(NOW, tick=False) as clock:
        planned = article("Ablation", at=SOON)
        planned.call_off(by=factories.UserFactory())

        clock.move_to(SOON)
        assert titles("ablation") == []


def test_editions_that_have_ended_leave_the_index(article):
    changed = article("Ablation")
    for title in ("Embolisation", "Hyperthermia"):
        changed.title = title
        changed.save()
        factories.publish(changed)

    assert Indexed.objects.count() == 1
    assert Edition.objects.count() == 3


def test_a_crash_leaves_both_or_none(article):
    def publish_and_crash():
        with transaction.atomic():
            article("Ablation")
            raise MemoryError

    with pytest.raises(MemoryError):
        publish_and_crash()

    assert not Edition.objects.exists()
    assert not Indexed.objects.exists()
    assert titles("ablation") == []


def copy_without_signals(title):
    """What a bulk import, or a release without a search, leaves behind."""
    made = factories.ArticleFactory(title=title)
    Edition.objects.bulk_create([made.next_edition()])
    return made


def test_what_came_in_another_way_is_indexed_by_migrate(db):
    copy_without_signals("Ablation")
    assert titles("ablation") == []

    call_command("migrate", verbosity=0)

    assert titles("ablation") == ["Ablation"]


def test_other_rules_have_everything_indexed_anew(article, monkeypatch):
    article("Ablation")
    monkeypatch.setattr(index, "VERSION", words.VERSION + 1)
    monkeypatch.setattr(index, "stem", lambda word, language: word[::-1])

    assert list(index.catch_up()) == [1]

    assert "en1noitalba" in Indexed.objects.get().words.split()
    assert list(index.catch_up()) == []


def test_rebuilding_finds_what_was_lost_and_says_how_far_it_is(article):
    article("Ablation")
    article("Embolisation")
    Indexed.objects.filter(words__contains="ablation").delete()
    Spelling.objects.all().delete()
    out = io.StringIO()

    call_command("rebuild_search", stdout=out)

    assert titles("ablation") == ["Ablation"]
    assert Spelling.objects.filter(word="embolisation").exists()
    assert "2 of 2 articles" in out.getvalue()
    assert "The search knows 2 articles." in out.getvalue()


def test_rebuilding_may_be_stopped_and_run_again(article, monkeypatch):
    monkeypatch.setattr(index, "BATCH", 1)
    for number in range(3):
        article(f"Ablation {number}")
    index.clear()
    next(index.catch_up())

    assert titles("ablation") == ["Ablation 2", "Ablation 1", "Ablation 0"]

    call_command("rebuild_search", stdout=io.StringIO())
    assert not index.pending().exists()


def test_two_may_rebuild_at_once(article, monkeypatch):
    article("Ablation")
    index.clear()
    rows_of = index.rows_of

    def meanwhile(edition):
        monkeypatch.setattr(index, "rows_of", rows_of)
        assert list(index.catch_up()) == [1]
        return rows_of(edition)

    monkeypatch.setattr(index, "rows_of", meanwhile)

    assert list(index.catch_up()) == [1]
    assert titles("ablation") == ["Ablation"]
    assert Indexed.objects.get().version == words.VERSION


def test_while_it_is_rebuilt_readers_are_helped_as_before(article):
    article("Ablation")

    index.clear()

    assert titles("abla") == ["Ablation"]
    assert find("ablatoin", "en").suggestion == "ablation"


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_beginnings_are_found_whatever_the_language_of_the_server():
    # In the locales of glibc "meta\U0010ffff" sorts before "metastasis".
    asked = str(Spelling.objects.filter(engine.begins_with("meta")).query)

    assert "LIKE meta%" in asked
    assert "<" not in asked


def test_rebuilding_nothing_is_no_error(db):
    out = io.StringIO()

    call_command("rebuild_search", stdout=out)

    assert "The search knows 0 articles." in out.getvalue()


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_triggers_that_a_migration_lost_come_back_with_all_they_missed(article):
    article("Ablation")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {engine.FTS}_insert")
    article("Embolisation")
    assert titles("embolisation") == []

    engine.install()

    assert titles("embolisation") == ["Embolisation"]
    assert titles("ablation") == ["Ablation"]


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_the_index_of_sqlite_is_whole_after_changes_of_every_kind(article):
    changed = article("Ablation")
    changed.title = "Embolisation"
    changed.save()
    factories.publish(changed)
    Indexed.objects.update(version=7)

    with connection.cursor() as cursor:
        # Raises an error if a row and the index differ.
        cursor.execute(
            f"INSERT INTO {engine.FTS}({engine.FTS}, rank) "
            "VALUES ('integrity-check', 1)"
        )


def test_a_text_of_any_length_is_indexed(article):
    words = " ".join(f"word{number}" for number in range(20_000))
    article("Ablation", body=f"<p>{words}</p>", summary="x" * 400)

    assert titles("word7 ablation") == ["Ablation"]


def test_a_word_of_any_length_is_found(article):
    article("Ablation", body=f"<p>{'acgt' * 50}</p>")

    assert titles("acgt" * 25) == ["Ablation"]

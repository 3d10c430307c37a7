"""Notices: above every page, or at one location, for a time."""

from datetime import UTC, datetime

import pytest
import time_machine

from clinic import error_pages
from tests import factories
from tests.clinic.test_views import get, words

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 8, 12, tzinfo=UTC)
EVENING = datetime(2026, 6, 8, 18, tzinfo=UTC)


@pytest.fixture(autouse=True)
def data_dir_of_its_own(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture(autouse=True)
def afternoon():
    with time_machine.travel(datetime(2026, 6, 8, 15, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def pages(practice):
    """An address of every kind of page, in both languages."""
    doctor = factories.DoctorFactory(slug="ada")
    topic = factories.TopicFactory(slug="liver")
    fever, febbre = (
        factories.publish(
            factories.ArticleFactory(
                slug="fever", language=language, topic=topic, author=doctor
            )
        )
        for language in ("en", "it")
    )
    english = [
        "/", "/articles/", "/articles/fever/", "/topics/liver/", "/contact/",
        "/doctors/ada/", "/legal/", "/privacy/", "/accessibility/", "/not-there/",
        fever.get_citation_url(),
    ]  # fmt: skip
    italian = [
        "/it/", "/it/articoli/", "/it/articoli/fever/", "/it/argomenti/liver/",
        "/it/contatti/", "/it/medici/ada/", "/it/not-there/",
        febbre.get_citation_url(),
    ]  # fmt: skip
    return english + italian


def told(client, address):
    """The notices above a page, whatever its status."""
    page = get(client, address, 404 if "not-there" in address else 200)
    return [words(node) for node in page.css("body > .notice p")]


def test_a_notice_stands_above_every_page_in_its_language(client, pages):
    factories.NoticeFactory(text=factories.both("Closed today."))

    for address in pages:
        expected = (
            "Closed today. (it)" if address.startswith("/it/") else "Closed today."
        )
        assert told(client, address) == [expected], address


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("11:59:59", False),
        ("12:00:00", True),
        ("17:59:59", True),
        ("18:00:00", False),
    ],
)
@pytest.mark.parametrize("address", ["/", "/it/", "/not-there/"])
def test_a_notice_comes_and_goes_by_itself(client, address, moment, shown):
    factories.NoticeFactory(starts_at=NOON, ends_at=EVENING)

    with time_machine.travel(f"2026-06-08T{moment}Z", tick=False):
        assert bool(told(client, address)) is shown


def test_browsers_are_sent_the_page_anew_when_a_notice_is_over(visitor, practice):
    factories.NoticeFactory(starts_at=NOON, ends_at=EVENING)
    tag = visitor.get("/")["ETag"]

    unchanged = visitor.get("/", HTTP_IF_NONE_MATCH=tag)
    with time_machine.travel(EVENING, tick=False):
        changed = visitor.get("/", HTTP_IF_NONE_MATCH=tag)

    assert (unchanged.status_code, changed.status_code) == (304, 200)


def test_a_notice_comes_first_after_the_skip_link_in_a_region_with_a_name(client):
    factories.NoticeFactory()

    body = get(client, "/").body

    skip_link, region = list(body.iter())[:2]
    assert skip_link.attrs["href"] == "#content"
    assert (region.tag, region.attrs["aria-label"]) == ("section", "Notice")


def test_several_notices_share_a_region_the_latest_first(client):
    factories.NoticeFactory(text=factories.both("Old."))
    factories.NoticeFactory(text=factories.both("New."), starts_at=NOON)

    assert told(client, "/") == ["New.", "Old."]
    assert len(get(client, "/").css(".notice")) == 1


def test_without_a_notice_there_is_no_empty_region(client, practice):
    assert get(client, "/").css(".notice") == []


def test_the_text_of_a_notice_is_no_markup(client):
    place = factories.LocationFactory()
    for location in (None, place):
        factories.NoticeFactory(
            text=factories.both("<script>x</script> & <b>"), location=location
        )

    page = get(client, "/contact/")

    above, at_place = page.css(".notice p, .place__notice")
    for node in (above, at_place):
        assert words(node) == "<script>x</script> & <b>"
        assert node.css("b, script") == []


def test_a_notice_of_a_location_stands_there_and_nowhere_else(client, pages):
    place = factories.LocationFactory(position=1)
    factories.NoticeFactory(text=factories.both("No lift."), location=place)
    factories.NoticeFactory(text=factories.both("Over."), location=place, ends_at=NOON)

    for address in pages:
        page = get(client, address, 404 if "not-there" in address else 200)
        expected = {"/contact/": ["No lift."], "/it/contatti/": ["No lift. (it)"]}
        told_at_places = [
            [words(node) for node in section.css(".place__notice")]
            for section in page.css("section.place")
        ]
        assert page.css("body > .notice") == [], address
        if address in expected:
            assert told_at_places == [[], expected[address]], address
        else:
            assert "No lift." not in words(page.body), address


def test_a_preview_shows_the_notices(staff, practice):
    article = factories.ArticleFactory()
    factories.NoticeFactory()

    assert told(staff, f"/admin/articles/article/{article.pk}/preview/") == [
        "The lift is out of order."
    ]


def test_the_error_page_written_in_advance_keeps_no_notice(practice):
    factories.NoticeFactory()

    error_pages.write()

    for language in ("en", "it"):
        page = error_pages.read(language)
        assert "+39 331 761 2698" in page
        assert "The lift is out of order." not in page

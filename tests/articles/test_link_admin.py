"""Broken links at the desk: which, where, and one checked again."""

import pytest

from articles.admin.link import LinkPlaceAdmin
from articles.links import checking
from articles.links.web import Outcome
from articles.models import Link, Statement
from tests import factories
from tests.articles.test_checking import Web, published
from tests.clinic.test_admin import parsed, said
from tests.clinic.test_roles import account, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/linkplace/"


@pytest.fixture
def web(monkeypatch):
    web = Web()
    monkeypatch.setattr(LinkPlaceAdmin, "web", lambda self: web)
    return web


@pytest.fixture
def broken(practice):
    """An article that leads to a page that is gone; its link."""
    published(
        '<p>Read <a href="https://www.example.net/gone">this</a>. And '
        '<a href="https://www.example.net/there">that</a>.</p>',
        title="Fever",
    )
    checking.gather()
    gone, there = Link.objects.order_by("address")
    gone.gone("404")
    there.found()
    return gone


def shown(client, query=""):
    cells = parsed(client.get(f"{LIST}{query}")).css("#result_list tbody tr")
    return [
        [" ".join(cell.text().split()) for cell in row.css("td, th")][:-1]
        for row in cells
    ]


def test_the_desk_shows_what_is_gone_in_which_article_and_sentence(staff, broken):
    date = checking.timezone.localdate()
    [[address, state, article, sentence]] = shown(staff)

    assert address == "https://www.example.net/gone"
    assert state.startswith("Gone. The site answers with the error 404. Since ")
    assert state.endswith(f"{date.year}.")
    assert (article, sentence) == ("Fever (text)", "Read this.")


def test_the_article_is_one_click_away(staff, broken):
    place = broken.places.get()
    link = parsed(staff.get(LIST)).css_first(".field-article_to_mend a")

    assert link.attributes["href"] == (
        f"/admin/articles/article/{place.article_id}/change/"
    )


def test_the_rest_is_shown_on_demand(staff, broken):
    assert [row[1] for row in shown(staff, "?state=WORKS")] == ["Works."]
    assert len(shown(staff, "?state=every")) == 2
    assert shown(staff, "?state=MOVED") == []


def test_one_is_checked_again_by_its_button(staff, broken, web):
    web.answer = Outcome(200, url="https://www.example.net/new", moved=True)

    answer = staff.post(LIST, {"_check": str(broken.pk)}, follow=True)

    assert said(answer) == ["https://www.example.net/gone: moved."]
    [[_address, state, *_rest]] = shown(staff)
    assert state == "Moved. https://www.example.net/new"
    assert [url for (url, *_more) in web.asked] == ["https://www.example.net/gone"]


def test_the_answer_does_not_keep_a_thread_for_long():
    web = LinkPlaceAdmin.web(None)

    assert (web.pause, web.pauses, web.within) == (0, (), 15)


def test_an_empty_list_says_whether_anything_was_checked(staff, broken):
    Link.objects.update(state="WORKS")
    assert "Nothing waits here" in staff.get(LIST).content.decode()
    Link.objects.update(checked_at=None)
    assert "No link has been checked yet" in staff.get(LIST).content.decode()


def test_the_first_page_of_the_desk_tells_how_many_there_are(staff, broken):
    link = parsed(staff.get("/admin/")).css_first(f'a[href="{LIST}"].waiting__link')

    assert " ".join(link.text().split()) == "1 Links that lead nowhere or elsewhere"


@pytest.mark.parametrize("role", ["writer", "reviewer", "manager"])
def test_everybody_who_works_at_the_desk_sees_them(role, broken):
    assert len(shown(signed_in(account(role)))) == 1


def test_whoever_may_not_see_them_starts_no_check(broken, web):
    client = signed_in(factories.UserFactory(is_superuser=False))

    assert client.post(LIST, {"_check": str(broken.pk)}).status_code == 403
    assert web.asked == []


def test_a_statement_is_one_click_away_too(staff, practice):
    statement = Statement.objects.create(
        kind="PRIVACY",
        language="en",
        body='<p>Read <a href="https://www.example.net/gone">this</a>.</p>',
    )
    checking.gather()
    Link.objects.get().gone("404")

    [[_address, _state, text, sentence]] = shown(staff)
    link = parsed(staff.get(LIST)).css_first(".field-article_to_mend a")

    assert (text, sentence) == ("Privacy (English) (text)", "Read this.")
    assert link.attributes["href"] == (
        f"/admin/articles/statement/{statement.pk}/change/"
    )

"""Links of articles: where they stand, and what is said of each."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.templatetags.static import static
from django.utils import timezone

from articles.links import checking
from articles.links.finding import Found, links_of
from articles.links.web import Outcome
from articles.management.commands import check_links
from articles.models import Link, LinkPlace, Redirect, Statement
from articles.models.link import Kind, LinkState
from clinic.models import Picture
from tests import factories
from tests.conftest import stored_files, upload

pytestmark = pytest.mark.django_db

Part = LinkPlace.Part
DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Web:
    """Other sites, in place of a network: what each address answers."""

    def __init__(self, **outcomes):
        self.outcomes, self.asked = outcomes, []
        self.answer = Outcome(200)

    def look(self, url, **kwargs):
        self.asked.append((url, *kwargs.items()))
        return self.answer


@pytest.fixture
def web(monkeypatch):
    web = Web()
    monkeypatch.setattr(check_links.Command, "web", lambda self: web)
    return web


def published(body="", **kwargs):
    article = factories.ArticleFactory(body=body or "<p>Words.</p>", **kwargs)
    factories.publish(article)
    article.refresh_from_db()
    return article


def run(*options):
    out = StringIO()
    call_command("check_links", *options, stdout=out)
    return out.getvalue()


def states():
    return dict(Link.objects.order_by("pk").values_list("address", "state"))


# Finding ######################################################################


def test_each_link_of_a_text_is_found_with_its_sentence():
    article = factories.ArticleFactory(
        body='<h2>Where</h2><p>First one. Read <a href="https://www.example.net/a#x">'
        'the leaflet</a> before. Then rest.</p><ul><li>Or <a href="/contact/">call</a>'
        ' us</li></ul><p><a href="tel:+390612">Dial</a> <a href="#where">above</a> '
        '<a href="mailto:a@example.org">write</a></p>'
    )

    assert list(links_of(article, [])) == [
        Found(
            Kind.WEB, "https://www.example.net/a", Part.BODY, "Read the leaflet before."
        ),
        Found(Kind.PAGE, "/contact/", Part.BODY, "Or call us"),
    ]


def test_a_page_of_this_site_is_known_under_its_whole_address(settings):
    settings.SITE_URL = "https://www.example.org"
    article = factories.ArticleFactory(
        body='<p><a href="https://www.example.org/contact/">Call</a></p>'
    )

    assert [found.kind for found in links_of(article, [])] == [Kind.PAGE]


def test_a_source_is_found_under_each_of_its_names():
    source = {
        "title": "A page",
        "url": "https://www.example.net/page",
        "doi": "10.1234/a<b>",
        "pmid": "123",
    }

    assert list(links_of(factories.ArticleFactory(), [source])) == [
        Found(Kind.WEB, "https://www.example.net/page", Part.SOURCE, "A page"),
        Found(Kind.DOI, "https://doi.org/10.1234/a%3Cb%3E", Part.SOURCE, "A page"),
        Found(Kind.PMID, "https://pubmed.ncbi.nlm.nih.gov/123/", Part.SOURCE, "A page"),
    ]


def test_a_source_that_names_one_page_twice_stands_there_once(web):
    article = factories.ArticleFactory()
    page = "https://pubmed.ncbi.nlm.nih.gov/123/"
    factories.SourceFactory(article=article, url=page, pmid="123")
    factories.publish(article)
    run()

    assert [place.link.address for place in LinkPlace.objects.all()] == [page]


def test_what_readers_do_not_see_is_checked_on_demand_only(web):
    published('<p><a href="https://www.example.net/live">x</a></p>')
    published('<p><a href="https://www.example.net/gone">x</a></p>').withdraw()
    factories.ArticleFactory(
        body='<p><a href="https://www.example.net/draft">x</a></p>'
    )

    run()
    assert set(states()) == {"https://www.example.net/live"}
    run("--drafts")
    assert "https://www.example.net/draft" in states()
    run()
    assert set(states()) == {"https://www.example.net/live"}


def test_a_link_that_was_mended_leaves_with_the_next_check(web):
    web.answer = Outcome(404)
    article = published('<p><a href="https://www.example.net/old">x</a></p>')
    run()
    article.body = '<p><a href="https://www.example.net/new">x</a></p>'
    article.save()
    factories.publish(article)
    web.answer = Outcome(200)
    run()

    assert states() == {"https://www.example.net/new": "WORKS"}


def test_an_address_in_several_articles_is_asked_for_once(web):
    for _article in range(3):
        published('<p><a href="https://www.example.net/a">x</a></p>')
    run()

    assert web.asked == [("https://www.example.net/a",)]
    assert LinkPlace.objects.count() == 3


def test_sites_are_asked_in_turn():
    links = [
        Link(kind=Kind.WEB, address=f"https://{host}.example/{number}")
        for host in "ab"
        for number in range(2)
    ]

    assert [link.address for link in checking.in_turn(links)] == [
        "https://a.example/0",
        "https://b.example/0",
        "https://a.example/1",
        "https://b.example/1",
    ]


# What an answer means #########################################################


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (Outcome(200), LinkState.WORKS, ""),
        (Outcome(200, url="https://b.example/", moved=True), LinkState.MOVED, ""),
        (Outcome(404), LinkState.GONE, "404"),
        (Outcome(410), LinkState.GONE, "410"),
        (Outcome(403), LinkState.CLOSED, "403"),
        (Outcome(429), LinkState.UNCHECKED, ""),
        (Outcome(500), LinkState.UNSURE, "500"),
        (Outcome(503), LinkState.UNSURE, "503"),
        (Outcome(reason="timeout"), LinkState.UNSURE, "timeout"),
        (Outcome(reason="name"), LinkState.UNSURE, "name"),
        (Outcome(reason="certificate"), LinkState.UNSURE, "certificate"),
        (Outcome(reason="private"), LinkState.GONE, "private"),
    ],
)
def test_an_answer_means_one_state(web, outcome, state, reason):
    web.answer = outcome
    link = Link.objects.create(kind=Kind.WEB, address="https://a.example/")
    checking.check(link, web)

    link.refresh_from_db()
    assert (link.state, link.reason) == (state, reason)
    assert link.moved_to == (outcome.url if outcome.moved else "")
    assert bool(link.reason_in_words) is bool(reason)


def test_a_doi_that_the_registry_knows_works_without_asking_the_publisher(web):
    web.answer = Outcome(302)
    link = Link.objects.create(kind=Kind.DOI, address="https://doi.org/10.1234/x")
    checking.check(link, web)

    assert link.state == LinkState.WORKS
    assert web.asked == [("https://doi.org/10.1234/x", ("hops", 0))]


def test_what_fails_on_one_day_is_unsure_and_on_two_is_broken(web):
    web.answer = Outcome(reason="timeout")
    with time_machine.travel(DAY, tick=False):
        published('<p><a href="https://www.example.net/a">x</a></p>')
    found = []
    for hours in (0, 2, 24, 48):
        with time_machine.travel(DAY + timedelta(hours=hours), tick=False):
            run()
            link = Link.objects.get()
            found.append((link.state, link.failing_since))

    assert found == [
        (LinkState.UNSURE, DAY),
        (LinkState.UNSURE, DAY),
        (LinkState.UNREACHABLE, DAY),
        (LinkState.UNREACHABLE, DAY),
    ]
    assert len(web.asked) == 2


def test_what_answers_again_is_forgiven(web):
    link = Link.objects.create(kind=Kind.WEB, address="https://a.example/")
    link.failed("timeout", DAY)
    link.found(DAY + timedelta(days=1))
    link.failed("timeout", DAY + timedelta(days=2))

    assert (link.state, link.failing_since) == (
        LinkState.UNSURE,
        DAY + timedelta(days=2),
    )


@pytest.mark.parametrize(
    ("address", "state", "detail"),
    [
        ("/articles/live/", LinkState.WORKS, ""),
        ("/contact/", LinkState.WORKS, ""),
        ("/it/contatti/", LinkState.WORKS, ""),
        ("/articles/moved/", LinkState.MOVED, "/articles/live/"),
        ("/contact", LinkState.MOVED, "/contact/"),
        ("/old.html", LinkState.MOVED, "/contact/"),
        ("/articles/draft/", LinkState.GONE, "missing"),
        ("/articles/withdrawn/", LinkState.GONE, "withdrawn"),
        ("/nowhere/", LinkState.GONE, "missing"),
        ("/admin/", LinkState.GONE, "missing"),
        (f"{settings.STATIC_URL}no.css", LinkState.GONE, "missing"),
        (f"{settings.STATIC_URL}../x", LinkState.GONE, "missing"),
    ],
)
def test_a_page_of_this_site_is_looked_up_without_a_network(
    practice, connection_kept, address, state, detail
):
    article = published(slug="moved")
    article.slug = "live"
    article.save()
    factories.publish(article)
    published(slug="withdrawn").withdraw()
    factories.ArticleFactory(slug="draft")
    Redirect.objects.create(path="/old.html", page=Redirect.Page.CONTACT)
    link = Link.objects.create(kind=Kind.PAGE, address=address)

    checking.check(link, None)

    assert (link.state, link.reason or link.moved_to) == (state, detail)


def test_a_file_of_the_release_is_looked_up_under_the_name_it_is_served_by():
    link = Link.objects.create(kind=Kind.PAGE, address=static("css/portal.css"))

    checking.check(link, None)

    assert link.state == LinkState.WORKS


def test_a_picture_is_whole_or_gone(web):
    picture = Picture.objects.create_from_upload(upload())
    published(picture=picture, picture_alt="A liver.")

    run()
    assert states() == {str(picture.pk): "WORKS"}
    stored_files()[0].unlink()
    run("--all")
    assert states() == {str(picture.pk): "GONE"}
    assert LinkPlace.objects.get().sentence == "A liver."


# The command ##################################################################


def test_what_was_checked_in_the_last_days_is_not_asked_for_again(web):
    with time_machine.travel(DAY, tick=False):
        published('<p><a href="https://www.example.net/a">x</a></p>')
    for days in (0, 6, 8):
        with time_machine.travel(DAY + timedelta(days=days), tick=False):
            run()

    assert len(web.asked) == 2
    run("--all")
    assert len(web.asked) == 3


def test_whoever_stops_it_goes_on_where_he_was(web):
    for number in range(3):
        published(f'<p><a href="https://www.example.net/{number}">x</a></p>')
    look = web.look

    def stop(url):
        if len(web.asked) == 1:
            raise KeyboardInterrupt
        return look(url)

    web.look = stop
    assert run() == "\nStopped. Run it again, and it goes on from here.\n"
    web.look = look
    assert run() == "works: 3\n"
    assert len({url for (url,) in web.asked}) == len(web.asked) == 3


def test_a_terminal_shows_how_far_it_is(web):
    published('<p><a href="https://www.example.net/a">x</a></p>')

    class Terminal(StringIO):
        def isatty(self):
            return True

    out = Terminal()
    call_command("check_links", stdout=out)

    assert out.getvalue() == f"\r[{'#' * 30}] 1 of 1\nworks: 1\n"


def test_without_links_it_says_so(db):
    assert run() == "There are no links.\n"


def test_it_tells_other_sites_who_asks(settings):
    settings.SITE_URL = "https://www.example.org"

    assert checking.agent() == "clinic-portal link check (+https://www.example.org/)"


def test_checking_changes_nothing_that_readers_see(visitor, practice, web):
    published('<p><a href="https://www.example.net/a">x</a></p>', slug="fever")
    visitor.get("/articles/fever/")
    run()
    visitor.get("/articles/fever/")

    assert len(visitor.rendered) == 1
    assert Link.objects.get().checked_at <= timezone.now()


def test_what_a_statement_leads_to_is_checked_as_long_as_it_says_so(web):
    link = '<a href="https://www.example.net/authority">the authority</a>'
    statement = Statement.objects.create(
        kind="PRIVACY", language="en", body=f"<p>First. Write to {link}.</p>"
    )

    run()
    place = LinkPlace.objects.get()
    run()

    assert str(place) == "Privacy (English): https://www.example.net/authority"
    assert (place.article, place.statement) == (None, statement)
    assert place.sentence == "Write to the authority."
    assert place.link.state == LinkState.WORKS
    assert LinkPlace.objects.count() == 1

    statement.body = "<p>Nothing.</p>"
    statement.save()
    run()

    assert not Link.objects.exists()


def test_what_breaks_on_the_way_keeps_no_other_link_from_being_checked(monkeypatch):
    link = Link.objects.create(kind=Kind.WEB, address="https://www.example.org/odd")

    def broken(*args):
        raise RuntimeError

    monkeypatch.setattr(checking, "check_web", broken)
    checking.check(link, None)

    link.refresh_from_db()
    assert (link.state, link.reason) == (LinkState.UNSURE, "connection")

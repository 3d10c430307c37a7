"""What visitors find: lists, topics, articles, and what became of old addresses."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from i18nfield.strings import LazyI18nString
from selectolax.lexbor import LexborHTMLParser

from articles.models import Change, Edition, Topic
from articles.paging import PER_PAGE
from articles.views import topics_with_articles
from clinic.counting import CappedCount
from clinic.models import Picture, Practice
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    """The clock goes on from this day: reviews fall due with the years."""
    with time_machine.travel(datetime(2026, 12, 1, 12, tzinfo=UTC)):
        yield


def get(client, address, status=200):
    """Fetch a page and read its HTML."""
    response = client.get(address)
    assert response.status_code == status, address
    return LexborHTMLParser(response.content)


def words(node):
    return " ".join(node.text().split())


def entries(page):
    """Title and address of every article in the lists of a page."""
    return [(words(a), a.attrs["href"]) for a in page.css(".entries a")]


def published(**kwargs):
    article = factories.ArticleFactory(**kwargs)
    factories.publish(article)
    return article


def noon(year, month, day):
    return datetime(year, month, day, 12, tzinfo=UTC)


def on(day, article, kind=Change.CONTENT, note="", **changes):
    """Change the article and publish it on that day, as a change of that kind."""
    with time_machine.travel(day, tick=False):
        article.refresh_from_db()
        for name, value in changes.items():
            setattr(article, name, value)
        article.change_kind, article.change_note = kind, note
        article.save()
        return factories.publish(article, note=note or "The words are new.")


def checked(day, article, outcome="CORRECT", by=None):
    """A doctor looks on that day at what readers see."""
    with time_machine.travel(day, tick=False):
        by = by or factories.ReviewerFactory()
        return article.review(by=by, outcome=outcome, note="A note for colleagues.")


def library_picture():
    """A row as an upload of 1600 pixels leaves it; no page opens the files."""
    return Picture.objects.create(
        key="0" * 32,
        name="liver",
        width=1600,
        height=1200,
        widths=[320, 640, 960, 1280, 1600],
        fallback="jpg",
    )


# First page and list #########################################################


@pytest.mark.parametrize("address", ["/", "/articles/", "/it/", "/it/articoli/"])
def test_without_articles_a_page_says_so_in_its_language(client, address):
    page = get(client, address)

    sentence = (
        "In questa lingua non ci sono ancora articoli."
        if address.startswith("/it/")
        else "There are no articles in this language yet."
    )
    assert sentence in words(page.css_first("main"))
    assert entries(page) == []


def test_the_first_page_shows_the_six_newest_articles_newest_first(client):
    now = timezone.now()
    topic = factories.TopicFactory()
    for age in (3, 1, 7, 5, 2, 8, 4, 6):
        factories.publish(
            factories.ArticleFactory(
                title=f"{age} days old", slug=f"days-{age}", topic=topic
            ),
            at=now - timedelta(days=age),
        )

    page = get(client, "/")

    assert entries(page) == [
        (f"{age} days old", f"/articles/days-{age}/") for age in (1, 2, 3, 4, 5, 6)
    ]


def test_the_first_page_shows_topics_with_their_number_of_live_articles(client):
    liver = factories.TopicFactory(slug="liver", name=factories.both("Liver"))
    published(topic=liver)
    published(topic=liver)
    published(topic=liver, language="it")
    published(topic=liver).withdraw()
    factories.ArticleFactory(topic=liver)
    factories.ArticleFactory(topic=factories.TopicFactory(slug="only-drafts"))

    topics = get(client, "/").css(".topics li")

    assert [topic.css_first("a").attrs["href"] for topic in topics] == [
        "/topics/liver/"
    ]
    assert words(topics[0]) == "Liver2 articles"


def test_topics_stand_in_the_order_of_the_desk(client):
    for position, slug in ((3, "last"), (1, "first"), (2, "second")):
        published(topic=factories.TopicFactory(slug=slug, position=position))

    links = get(client, "/").css(".topics a")

    assert [link.attrs["href"] for link in links] == [
        "/topics/first/",
        "/topics/second/",
        "/topics/last/",
    ]


def test_the_list_holds_the_live_articles_of_its_language_only(client):
    english = published(title="Fever", slug="fever")
    published(title="Febbre", slug="febbre", language="it", topic=english.topic)
    published(title="Withdrawn", topic=english.topic).withdraw()
    factories.ArticleFactory(title="Draft", topic=english.topic)

    assert entries(get(client, "/articles/")) == [("Fever", "/articles/fever/")]
    assert entries(get(client, "/it/articoli/")) == [("Febbre", "/it/articoli/febbre/")]


@pytest.fixture
def long_list(db):
    """Two pages and one article of a third, all about one topic."""
    topic = factories.TopicFactory(slug="liver")
    doctor = factories.DoctorFactory()
    now = timezone.now()
    for number in range(2 * PER_PAGE + 1):
        factories.publish(
            factories.ArticleFactory(
                title=f"No. {number}", slug=f"no-{number}", topic=topic, author=doctor
            ),
            at=now - timedelta(days=number),
        )


def neighbours(page):
    """The address of each neighbour of a page of a list, by its words."""
    return {words(a): a.attrs["href"] for a in page.css(".pagination a")}


def read_through(client, address, link):
    """The pages from an address on, each found by the link of the one before."""
    pages = [get(client, address)]
    while link in neighbours(pages[-1]):
        pages.append(get(client, neighbours(pages[-1])[link]))
    return pages


@pytest.mark.parametrize("address", ["/articles/", "/topics/liver/"])
def test_a_long_list_is_read_page_by_page(client, long_list, address):
    pages = read_through(client, address, "Older articles")

    titles = [[title for title, _address in entries(page)] for page in pages]
    assert [len(page) for page in titles] == [PER_PAGE, PER_PAGE, 1]
    assert sum(titles, []) == [f"No. {number}" for number in range(2 * PER_PAGE + 1)]
    assert len({page.css_first("title").text() for page in pages}) == 3


@pytest.mark.parametrize("address", ["/articles/", "/topics/liver/"])
def test_a_long_list_is_read_back_to_its_beginning(client, long_list, address):
    last = read_through(client, address, "Older articles")[-1]
    pages = read_through(client, neighbours(last)["Newer articles"], "Newer articles")

    titles = [[title for title, _address in entries(page)] for page in pages]
    assert titles == [
        [f"No. {number}" for number in range(PER_PAGE, 2 * PER_PAGE)],
        [f"No. {number}" for number in range(PER_PAGE)],
    ]
    assert neighbours(pages[0])["Newer articles"] == address


def test_what_is_published_meanwhile_shifts_nobodys_place(client, long_list):
    older = neighbours(get(client, "/articles/"))["Older articles"]
    before = entries(get(client, older))
    published(title="Brand new", slug="brand-new")

    assert entries(get(client, older)) == before


def test_the_place_of_a_withdrawn_article_is_still_a_place(client, long_list):
    older = neighbours(get(client, "/articles/"))["Older articles"]
    before = entries(get(client, older))
    Edition.objects.get(pk=older.rpartition("=")[2]).article.withdraw(
        by=factories.UserFactory(), note=""
    )

    assert entries(get(client, older)) == before


def test_ahead_of_the_newest_comes_the_first_page(client, long_list):
    newest = Edition.objects.get(slug="no-0")

    page = get(client, f"/articles/?after={newest.pk}")

    assert entries(page) == entries(get(client, "/articles/"))
    assert list(neighbours(page)) == ["Older articles"]


def test_articles_of_one_moment_all_have_their_place(client):
    moment = timezone.now()
    for number in range(2 * PER_PAGE + 1):
        factories.publish(
            factories.ArticleFactory(title=f"No. {number}", slug=f"no-{number}"),
            at=moment,
        )

    pages = read_through(client, "/articles/", "Older articles")
    titles = [title for page in pages for title, _address in entries(page)]
    assert titles == [f"No. {number}" for number in reversed(range(2 * PER_PAGE + 1))]


def test_a_list_that_fits_on_one_page_has_no_pagination(client):
    published()

    assert get(client, "/articles/").css(".pagination") == []


NO_PLACES = (
    ["", "abc", "0", "-1", "1.5", "%00", "%ff", "1%00", "2;drop", "²"]
    + ["9" * 18, "9" * 19, "9" * 5000]
)  # fmt: skip


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize("address", ["/articles/", "/topics/liver/"])
def test_a_place_in_a_list_that_does_not_exist_is_not_found(
    client, long_list, address, name
):
    for key in NO_PLACES:
        page = get(client, f"{address}?{name}={key}", 404)

        assert "This page is not here" in words(page.css_first("h1")), key


def test_a_draft_is_no_place_in_a_list(client, long_list):
    planned = factories.ArticleFactory(title="Planned", slug="planned")
    factories.publish(planned, at=timezone.now() + timedelta(days=1))
    edition = Edition.objects.get(slug="planned")

    get(client, f"/articles/?before={edition.pk}", 404)


def test_behind_the_oldest_article_there_is_no_page(client, long_list):
    oldest = Edition.objects.order_by("content_since").first()

    get(client, f"/articles/?before={oldest.pk}", 404)


@pytest.mark.parametrize("query", ["?page=2", "?x=9", "?"])
def test_a_query_that_asks_for_no_place_shows_the_first_page(client, long_list, query):
    assert entries(get(client, f"/articles/{query}"))[0][0] == "No. 0"


def test_beyond_a_thousand_articles_nobody_counts(client, practice, monkeypatch):
    monkeypatch.setattr(
        CappedCount, "template", CappedCount.template.replace("1001", "3")
    )
    topic = factories.TopicFactory(slug="liver")
    for number in range(5):
        published(slug=f"no-{number}", topic=topic)

    (topic,) = topics_with_articles()
    assert topic.article_count == 3
    topic.article_count = 1001
    html = render_to_string("includes/topics.html", {"topics": [topic]})
    assert "more than 1,000 articles" in html


# Topics ######################################################################


def test_a_topic_shows_its_own_live_articles_in_the_language_of_the_page(client):
    liver = factories.TopicFactory(
        slug="liver", name=factories.both("Liver"), summary=factories.both("Summary.")
    )
    published(title="Fever", slug="fever", topic=liver)
    published(title="Febbre", slug="febbre", topic=liver, language="it")
    published(title="Elsewhere")
    published(title="Withdrawn", topic=liver).withdraw()
    factories.ArticleFactory(title="Draft", topic=liver)

    english = get(client, "/topics/liver/")
    italian = get(client, "/it/argomenti/liver/")

    assert words(english.css_first("h1")) == "Liver"
    assert words(italian.css_first("h1")) == "Liver (it)"
    assert "Summary. (it)" in words(italian.css_first("main"))
    assert entries(english) == [("Fever", "/articles/fever/")]
    assert entries(italian) == [("Febbre", "/it/articoli/febbre/")]


def test_a_topic_is_introduced_on_the_first_page_of_its_list(client, long_list):
    Topic.objects.update(
        introduction=LazyI18nString({"en": "One.\n\nTwo <b>.", "it": "Uno."})
    )

    first, *later = read_through(client, "/topics/liver/", "Older articles")
    italian = get(client, "/it/argomenti/liver/")

    assert [words(p) for p in first.css(".topic__introduction p")] == [
        "One.",
        "Two <b>.",
    ]
    assert [page.css(".topic__introduction") for page in later] == [[], []]
    assert words(italian.css_first(".topic__introduction")) == "Uno."


def test_a_topic_without_introduction_leaves_no_room_for_one(client, long_list):
    assert get(client, "/topics/liver/").css(".topic__introduction") == []


def test_a_topic_without_articles_in_the_language_says_so(client):
    published(topic=factories.TopicFactory(slug="liver"))

    page = get(client, "/it/argomenti/liver/")

    assert "non ci sono ancora articoli in questa lingua" in words(page.body)


@pytest.mark.parametrize("address", ["/topics/unknown/", "/it/argomenti/unknown/"])
def test_an_unknown_topic_is_not_found(client, address):
    get(client, address, 404)


# Articles ####################################################################


def test_an_article_shows_its_title_summary_author_and_topic(client):
    doctor = factories.DoctorFactory(last_name="Lovelace", slug="ada-lovelace")
    topic = factories.TopicFactory(slug="liver", name=factories.both("Liver"))
    published(
        slug="fever", title="Fever", summary="In short.", author=doctor, topic=topic
    )

    page = get(client, "/articles/fever/")

    assert words(page.css_first("h1")) == "Fever"
    assert page.css_first("title").text().startswith("Fever – ")
    assert page.css_first("meta[name=description]").attrs["content"] == "In short."
    assert "In short." in words(page.css_first("article header"))
    assert words(page.css_first(".byline")).startswith(
        "By Dr. Ada Lovelace, oncologist"
    )
    author, crumb = page.css_first("a[rel=author]"), page.css_first("a.crumb")
    assert author.attrs["href"] == "/doctors/ada-lovelace/"
    assert (words(crumb), crumb.attrs["href"]) == ("Liver", "/topics/liver/")


@pytest.mark.parametrize(
    ("language", "address", "published_line", "updated_line", "reading"),
    [
        (
            "en",
            "/articles/fever/",
            "Published 31 December 2025",
            " · updated 8 November 2026",
            " · about 1 minute to read",
        ),
        (
            "it",
            "/it/articoli/fever/",
            "Pubblicato: 31 dicembre 2025",
            " · aggiornato: 8 novembre 2026",
            " · circa 1 minuto di lettura",
        ),
    ],
)
def test_an_article_says_when_it_was_published_and_updated(
    client, language, address, published_line, updated_line, reading
):
    article = factories.ArticleFactory(language=language, slug="fever")
    factories.publish(article, at=datetime(2025, 12, 31, 12, tzinfo=UTC))
    first = words(get(client, address).css_first(".byline"))

    factories.publish(article, at=datetime(2026, 11, 8, 12, tzinfo=UTC))
    page = get(client, address)

    assert first.endswith(published_line + reading)
    line = words(page.css_first(".byline"))
    assert line.endswith(published_line + updated_line + reading)
    times = [time.attrs["datetime"] for time in page.css(".byline time")]
    assert times == ["2025-12-31", "2026-11-08"]


def test_dates_are_those_of_the_practice_not_of_greenwich(client):
    late_in_london = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    factories.publish(factories.ArticleFactory(slug="fever"), at=late_in_london)

    page = get(client, "/articles/fever/")

    assert words(page.css_first(".byline time")) == "1 January 2026"
    assert page.css_first(".byline time").attrs["datetime"] == "2026-01-01"


def test_an_edition_of_the_same_day_is_no_update(client):
    article = factories.ArticleFactory(slug="fever")
    factories.publish(article, at=datetime(2026, 1, 1, 8, tzinfo=UTC))
    factories.publish(article, at=datetime(2026, 1, 1, 9, tzinfo=UTC))

    line = words(get(client, "/articles/fever/").css_first(".byline"))

    assert line.endswith("Published 1 January 2026 · about 1 minute to read")


def test_sources_lead_to_their_page_their_doi_and_pubmed(client):
    article = factories.ArticleFactory(slug="fever")
    factories.SourceFactory(
        article=article,
        title="Institute, 2026",
        url="https://www.example.org/page",
        doi="10.1000/a<b>#c",
        pmid="12345",
    )
    factories.SourceFactory(article=article, title="On paper", url="", position=1)
    factories.publish(article)

    page = get(client, "/articles/fever/")

    linked, plain = page.css("ol.sources > li")
    assert [(words(a), a.attrs["href"]) for a in linked.css("a")] == [
        ("Institute, 2026", "https://www.example.org/page"),
        ("DOI 10.1000/a<b>#c", "https://doi.org/10.1000/a%3Cb%3E%23c"),
        ("PubMed 12345", "https://pubmed.ncbi.nlm.nih.gov/12345/"),
    ]
    assert {a.attrs["rel"] for a in linked.css("a")} == {"noopener"}
    assert words(plain) == "On paper"
    assert plain.css("a") == []


def test_an_article_without_sources_has_no_heading_for_them(client):
    published(slug="fever")

    assert get(client, "/articles/fever/").css("#sources, .sources") == []


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_short_article_has_no_contents_list(client, number):
    published(slug="fever", body="<p>Text.</p>" + "<h2>Part</h2><p>Text.</p>" * number)

    assert get(client, "/articles/fever/").css(".contents") == []


def test_an_article_of_four_parts_has_a_contents_list_that_leads_to_them(client):
    body = "".join(f"<h2>Part {n}</h2><h3>Sub</h3><p>Text.</p>" for n in (1, 2, 3, 4))
    article = factories.ArticleFactory(slug="fever", body=body)
    factories.SourceFactory(article=article)
    factories.publish(article)

    page = get(client, "/articles/fever/")

    links = page.css(".contents a")
    assert [words(link) for link in links] == [
        "Part 1",
        "Part 2",
        "Part 3",
        "Part 4",
        "Sources",
    ]
    targets = [page.css_first(link.attrs["href"]) for link in links]
    assert [words(target) for target in targets] == [words(link) for link in links]


def test_a_picture_is_offered_in_every_width_and_takes_its_place_at_once(client):
    published(
        slug="fever",
        picture=library_picture(),
        picture_alt="A liver",
        picture_caption="Drawn.",
        picture_credit="A. Painter",
    )

    figure = get(client, "/articles/fever/").css_first("article figure")

    def srcset(extension):
        folder = f"/media/pictures/{'0' * 32}"
        widths = (320, 640, 960, 1280, 1600)
        return ", ".join(f"{folder}/{w}.{extension} {w}w" for w in widths)

    source, image = figure.css_first("picture > source"), figure.css_first("img")
    assert source.attrs["type"] == "image/avif"
    assert source.attrs["srcset"] == srcset("avif")
    assert image.attrs["srcset"] == srcset("jpg")
    assert image.attrs["src"] == f"/media/pictures/{'0' * 32}/960.jpg"
    assert source.attrs["sizes"] == image.attrs["sizes"]
    assert image.attrs["sizes"].endswith("calc(100vw - 2rem)")
    assert (image.attrs["width"], image.attrs["height"]) == ("220", "165")
    assert image.attrs["alt"] == "A liver"
    assert words(figure.css_first("figcaption")) == "Drawn. Picture: A. Painter"


def test_a_decorative_picture_has_an_empty_description(client):
    published(slug="fever", picture=library_picture(), picture_decorative=True)

    figure = get(client, "/articles/fever/").css_first("article figure")

    assert figure.css_first("img").attrs["alt"] in ("", None)  # alt=""
    assert "alt" in figure.css_first("img").attrs
    assert figure.css("figcaption") == []


def test_an_article_without_picture_has_no_figure(client):
    published(slug="fever")

    assert get(client, "/articles/fever/").css("figure") == []


@pytest.mark.parametrize(
    ("language", "address"), [("en", "/articles/fever/"), ("it", "/it/articoli/fever/")]
)
def test_a_sample_says_that_it_is_one(client, language, address):
    article = published(slug="fever", language=language, is_sample=True)
    sample = get(client, address).css(".sample")
    article.refresh_from_db()
    article.is_sample = False
    article.save()
    factories.publish(article)

    no_sample = get(client, address).css(".sample")

    assert len(sample) == 1
    assert no_sample == []


def test_a_sample_says_that_no_doctor_has_reviewed_it_only_if_that_is_so(client):
    reviewed = published(slug="reviewed", is_sample=True)
    never = factories.ArticleFactory(slug="never", is_sample=True, topic=reviewed.topic)
    never.publish_unreviewed()

    said = {
        slug: words(get(client, f"/articles/{slug}/").css_first(".sample"))
        for slug in ("reviewed", "never")
    }

    assert said == {
        "reviewed": "Sample text. It is no medical advice.",
        "never": "Sample text. No doctor has reviewed this page, and it is no medical "
        "advice.",
    }


def test_related_articles_are_four_live_ones_of_the_topic_and_language(client):
    now = timezone.now()
    liver, other = factories.TopicFactory(), factories.TopicFactory()
    for number in range(6):
        factories.publish(
            factories.ArticleFactory(
                title=f"No. {number}", slug=f"no-{number}", topic=liver
            ),
            at=now - timedelta(days=number),
        )
    published(title="Of another topic", topic=other)
    published(title="In Italian", topic=liver, language="it")
    published(title="Withdrawn", topic=liver).withdraw()
    factories.ArticleFactory(title="Draft", topic=liver)

    page = get(client, "/articles/no-1/")

    assert [title for title, _address in entries(page)] == [
        "No. 0",
        "No. 2",
        "No. 3",
        "No. 4",
    ]


def test_the_only_article_of_a_topic_names_no_others(client):
    published(slug="fever")

    assert get(client, "/articles/fever/").css(".related") == []


def test_an_article_exists_in_its_own_language_only(client):
    published(slug="fever", language="en")

    get(client, "/articles/fever/")
    get(client, "/it/articoli/fever/", 404)


def test_one_address_may_mean_another_article_in_the_other_language(client):
    published(slug="fever", title="English")
    published(slug="fever", title="Italian", language="it")

    assert words(get(client, "/articles/fever/").css_first("h1")) == "English"
    assert words(get(client, "/it/articoli/fever/").css_first("h1")) == "Italian"


# Gone, moved, not found ######################################################


@pytest.mark.parametrize(
    "address", ["/articles/fever/", "/it/articoli/fever/", "/articles/unknown/"]
)
def test_a_draft_is_not_found(client, address):
    factories.ArticleFactory(slug="fever")

    get(client, address, 404)


def test_an_article_that_goes_live_tomorrow_is_not_found_today(client):
    tomorrow = timezone.now() + timedelta(days=1)
    factories.publish(factories.ArticleFactory(slug="fever"), at=tomorrow)

    page = get(client, "/articles/fever/", 404)

    assert "withdrawn" not in words(page.body)


@pytest.mark.parametrize(
    ("language", "address", "heading"),
    [
        ("en", "/articles/fever/", "This page has been withdrawn"),
        ("it", "/it/articoli/fever/", "Questa pagina è stata ritirata"),
    ],
)
def test_a_withdrawn_article_is_gone_and_its_page_gives_the_numbers(
    client, practice, language, address, heading
):
    article = published(slug="fever", body="<p>Secret</p>", language=language)
    article.withdraw()

    response = client.get(address)
    page = LexborHTMLParser(response.content)

    assert response.status_code == 410
    assert response["Cache-Control"] == "public, no-cache"
    assert words(page.css_first("h1")) == heading
    assert "+39 331 761 2698" in words(page.css_first("main"))
    assert page.css_first("main a[href^='tel:']").attrs["href"] == "tel:+393317612698"
    assert "Secret" not in response.text


def test_a_withdrawn_article_says_which_when_and_why(client, practice):
    article = factories.ArticleFactory(slug="fever", title="Fever & <chills>")
    on(noon(2025, 3, 1), article)
    with time_machine.travel(noon(2026, 11, 8), tick=False):
        article.withdraw(note="No longer given.\nAsk us <first>.")

    page = get(client, "/articles/fever/", 410)

    told, note, link, *_numbers = page.css(".empty > p")
    assert words(told) == (
        "The practice took “Fever & <chills>” off the site on 8 November 2026. Please "
        "do not rely on a copy of it; if you have a question about it, call us."
    )
    assert note.html == "<p>No longer given.<br>Ask us &lt;first&gt;.</p>"
    assert words(link) == "All articles"


def test_a_withdrawal_without_an_explanation_leaves_none(client, practice):
    published(slug="fever").withdraw()

    page = get(client, "/articles/fever/", 410)

    assert [words(p) for p in page.css(".empty > p")][1] == "All articles"


def test_an_article_that_comes_back_no_longer_says_that_it_is_gone(client):
    article = published(slug="fever")
    article.withdraw(note="For a while.")
    factories.publish(article)

    page = get(client, "/articles/fever/")

    assert "For a while." not in page.html


def renamed(slug, new_slug, **kwargs):
    article = published(slug=slug, **kwargs)
    article.refresh_from_db()
    article.slug = new_slug
    article.save()
    factories.publish(article)
    return article


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("en", "/articles/fever/", "/articles/high-fever/"),
        ("it", "/it/articoli/fever/", "/it/articoli/high-fever/"),
    ],
)
def test_a_former_address_leads_to_the_live_article(client, language, old, new):
    renamed("fever", "high-fever", language=language)

    response = client.get(old)

    assert (response.status_code, response["Location"]) == (301, new)
    assert response["Cache-Control"] == "public, no-cache"
    get(client, new)


def test_a_former_address_leads_past_every_address_in_between(client):
    article = renamed("one", "two")
    article.refresh_from_db()
    article.slug = "three"
    article.save()
    factories.publish(article)

    for slug in ("one", "two"):
        response = client.get(f"/articles/{slug}/")
        assert (response.status_code, response["Location"]) == (301, "/articles/three/")


def test_an_article_that_returns_to_its_first_address_does_not_lead_in_circles(client):
    article = renamed("one", "two")
    article.refresh_from_db()
    article.slug = "one"
    article.save()
    factories.publish(article)

    get(client, "/articles/one/")
    assert client.get("/articles/two/")["Location"] == "/articles/one/"


def test_a_former_address_never_shows_another_article(client):
    renamed("fever", "high-fever")

    with pytest.raises(ValidationError, match="has stood at this address"):
        published(slug="fever", title="The new one")

    assert client.get("/articles/fever/")["Location"] == "/articles/high-fever/"


def test_a_former_address_of_a_withdrawn_article_is_gone(client):
    renamed("fever", "high-fever").withdraw()

    get(client, "/articles/fever/", 410)
    get(client, "/articles/high-fever/", 410)


def test_a_changed_address_that_is_not_published_yet_is_not_found(client):
    article = published(slug="fever")
    article.slug = "high-fever"
    article.save()

    get(client, "/articles/high-fever/", 404)
    get(client, "/articles/fever/")


def every_public_page(client):
    """Follow every link of the site, from both first pages on."""
    found, waiting = {}, ["/", "/it/"]
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        response = client.get(address)
        found[address] = response
        if response["Content-Type"].startswith("text/html"):
            for link in LexborHTMLParser(response.content).css("a[href]"):
                target = urlsplit(urljoin(address, link.attrs["href"]))
                if not target.scheme:
                    query = f"?{target.query}" if target.query else ""
                    waiting.append(target.path + query)
    return found


def every_edition(article):
    return [edition.get_citation_url() for edition in article.editions.all()]


def test_what_is_not_live_stands_nowhere(client, practice):
    """Neither a draft nor what is planned, called off, sent back or withdrawn."""
    doctor, topic = factories.DoctorFactory(), factories.TopicFactory(slug="liver")
    common = {"topic": topic, "author": doctor}
    marker, tomorrow = "XYZZY", timezone.now() + timedelta(days=1)
    reviewer = factories.ReviewerFactory()
    texts = {
        "summary": marker,
        "body": f"<h2>{marker}</h2><p>{marker}</p>",
        "key_phrases": marker,
        "disclosure": marker,
        "change_note": marker,
        "picture": library_picture(),
        "picture_alt": marker,
        "picture_caption": marker,
        "picture_credit": marker,
    }
    # The address of a withdrawn article names it.
    hidden = texts | {"title": marker} | common
    addresses = {}

    def make(language, slug, **words):
        article = factories.ArticleFactory(language=language, slug=slug, **words)
        factories.SourceFactory(article=article, title=words["summary"])
        addresses[article.get_absolute_url()] = None
        return article

    def write(article, **words):
        article.refresh_from_db()
        for name, value in words.items():
            setattr(article, name, value)
        article.written(reviewer)

    for language in ("en", "it"):
        live = make(language, "live", **common, summary="Seen")
        factories.publish(live, by=reviewer)
        write(live, **hidden, slug="moved-tomorrow")
        factories.publish(live, by=reviewer, at=tomorrow)
        addresses |= dict.fromkeys(every_edition(live))
        write(live, slug="moved-later")
        live.submit(by=reviewer, note=marker)
        live.send_back(by=reviewer, note=marker)

        changed = make(language, "called-off", **common, summary="Seen")
        factories.publish(changed, by=reviewer)
        write(changed, **hidden)
        factories.publish(changed, by=reviewer, at=tomorrow)
        changed.call_off(by=reviewer)
        addresses |= dict.fromkeys(every_edition(changed))
        changed.review(by=reviewer, outcome="CHANGES", note=marker)

        make(language, "draft", **hidden)
        factories.sign(make(language, "signed", **hidden))
        factories.publish(make(language, "tomorrow", **hidden), at=tomorrow)
        withdrawn = make(language, "withdrawn", **texts, **common)
        factories.publish(withdrawn)
        factories.publish(withdrawn)
        addresses |= dict.fromkeys(every_edition(withdrawn))
        withdrawn.withdraw()
        for slug in ("moved-tomorrow", "moved-later"):
            live.slug = slug
            addresses[live.get_absolute_url()] = None

    pages = every_public_page(client)
    addresses |= {address: client.get(address) for address in addresses}
    pages |= addresses

    assert {"/articles/live/", "/it/articoli/live/", "/topics/liver/"} <= set(pages)
    assert sorted({response.status_code for response in addresses.values()}) == [
        200, 404, 410
    ]  # fmt: skip
    for address, response in pages.items():
        assert marker not in response.text, address


# What changed ################################################################


def changes(page):
    """Day, words and address of every line under “What changed”."""
    return [
        (
            line.css_first("time").attrs["datetime"],
            words(line).partition(": ")[2],
            line.css_first("a").attrs["href"],
        )
        for line in page.css(".changes li")
    ]


def test_what_changed_is_told_newest_first_with_the_sentence_of_the_editor(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2025, 1, 2), article)
    on(noon(2025, 3, 4), article, note="The part on <radiotherapy> is new.")
    on(noon(2025, 5, 6), article, Change.FORM)
    on(noon(2025, 7, 8), article, Change.FORM, note="Spelling.")
    on(noon(2026, 9, 10), article, note="The dose is lower.")

    page = get(client, "/articles/fever/")

    edition = "/articles/fever/editions/{}/".format
    assert words(page.css_first("#changes")) == "What changed"
    assert changes(page) == [
        ("2026-09-10", "The dose is lower. Edition 5", edition(5)),
        ("2025-07-08", "Spelling. Edition 4", edition(4)),
        ("2025-05-06", "correction of form. Edition 3", edition(3)),
        ("2025-03-04", "The part on <radiotherapy> is new. Edition 2", edition(2)),
        ("2025-01-02", "first published. Edition 1", edition(1)),
    ]


@pytest.mark.parametrize("language", ["en", "it"])
def test_what_changed_leads_to_every_edition_of_the_article(client, language):
    article = factories.ArticleFactory(slug="fever", language=language)
    for month, title in ((1, "First"), (2, "Second"), (3, "Third")):
        on(noon(2026, month, 1), article, title=title)

    page = get(client, article.get_absolute_url())

    days, _words, addresses = zip(*changes(page), strict=True)
    assert days == ("2026-03-01", "2026-02-01", "2026-01-01")
    titles = [words(get(client, address).css_first("h1")) for address in addresses]
    assert titles == ["Third", "Second", "First"]


def test_what_changed_tells_nothing_that_readers_have_not_seen(client):
    article = factories.ArticleFactory(slug="fever")
    now = timezone.now()
    factories.publish(article, at=now - timedelta(days=9))
    for note in ("Called off.", "Planned."):
        article.refresh_from_db()
        article.change_note = note
        article.save()
        factories.publish(article, at=now + timedelta(days=1))

    page = get(client, "/articles/fever/")

    assert [line for _day, line, _address in changes(page)] == [
        "first published. Edition 1"
    ]


def test_an_edition_that_was_called_off_leaves_a_gap_in_the_numbers(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2026, 1, 1), article)
    with time_machine.travel(noon(2026, 1, 2), tick=False):
        factories.publish(article, at=noon(2026, 2, 1))
        article.call_off(by=None)
    on(noon(2026, 3, 1), article, note="Another dose.")

    page = get(client, "/articles/fever/")

    assert [line for _day, line, _address in changes(page)] == [
        "Another dose. Edition 3",
        "first published. Edition 1",
    ]


def test_what_changed_goes_on_after_a_withdrawal(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2026, 1, 1), article)
    article.withdraw()
    on(timezone.now(), article, note="Back, with another dose.")

    page = get(client, "/articles/fever/")

    assert [line for _day, line, _address in changes(page)] == [
        "Back, with another dose. Edition 2",
        "first published. Edition 1",
    ]


# Permanent addresses #########################################################


@pytest.fixture
def three_editions(db):
    """An article with three editions, the last of them planned."""
    article = factories.ArticleFactory(slug="fever", title="First")
    on(noon(2025, 1, 2), article)
    on(noon(2025, 3, 4), article, title="Second", body="<p>Second text.</p>")
    article.refresh_from_db()
    article.title, article.change_note = "Third", "Planned."
    article.save()
    factories.publish(article, at=timezone.now() + timedelta(days=9))
    return article


def test_an_old_edition_shows_its_text_and_leads_to_the_current_page(
    client, three_editions
):
    page = get(client, "/articles/fever/editions/1/")

    assert words(page.css_first("h1")) == "First"
    assert page.css_first("title").text().startswith("First, edition 1 – ")
    assert "Second text." not in page.html
    note = page.css_first("[aria-labelledby=cited]")
    assert words(note.css_first("h2")) == "This is edition 1, not the current one"
    assert "Readers saw it from 2 January 2025 to 4 March 2025." in words(note)
    assert [(words(a), a.attrs["href"]) for a in note.css("a")] == [
        ("Read the current page", "/articles/fever/")
    ]


def test_an_edition_of_one_day_says_on_which(client):
    article = factories.ArticleFactory(slug="fever")
    on(datetime(2025, 1, 2, 8, tzinfo=UTC), article)
    on(datetime(2025, 1, 2, 9, tzinfo=UTC), article)

    note = get(client, "/articles/fever/editions/1/").css_first(
        "[aria-labelledby=cited]"
    )

    assert "Readers saw it on 2 January 2025." in words(note)


def test_the_current_edition_has_an_address_of_its_own(client, three_editions):
    page = get(client, "/articles/fever/editions/2/")

    assert words(page.css_first("h1")) == "Second"
    note = page.css_first("[aria-labelledby=cited]")
    assert words(note.css_first("h2")) == "Edition 2 is the current one"
    assert [(words(a), a.attrs["href"]) for a in note.css("a")] == [
        ("To the page itself", "/articles/fever/")
    ]


@pytest.mark.parametrize("number", [1, 2])
def test_search_engines_keep_no_edition(client, three_editions, number):
    response = client.get(f"/articles/fever/editions/{number}/")

    page = LexborHTMLParser(response.content)
    assert response["X-Robots-Tag"] == "noindex"
    robots = page.css("meta[name=robots]")
    assert [meta.attrs["content"] for meta in robots] == ["noindex"]
    assert page.css("script[type='application/ld+json']") == []
    assert response["Cache-Control"] == "public, no-cache"


def test_search_engines_keep_the_page_itself(client, three_editions):
    response = client.get("/articles/fever/")

    page = LexborHTMLParser(response.content)
    assert "X-Robots-Tag" not in response
    assert page.css("meta[name=robots]") == []
    assert len(page.css("script[type='application/ld+json']")) == 1


def test_the_page_itself_says_nothing_of_citations(client, three_editions):
    page = get(client, "/articles/fever/")

    assert page.css("[aria-labelledby=cited]") == []
    assert page.css_first("title").text().startswith("Second – ")


@pytest.mark.parametrize(
    "number",
    [
        "3", "4", "0", "01", "-1", "+1", "1.0", "1e0", "x", "%D9%A1", "%00", "1%00",
        "999999", "1000000", "9" * 20, "9" * 5000,
    ],
)  # fmt: skip
def test_an_edition_that_no_reader_has_seen_is_not_found(
    client, three_editions, number
):
    """Planned (3), unknown (4), or no number of an edition at all."""
    get(client, f"/articles/fever/editions/{number}/", 404)


def test_an_edition_that_was_called_off_is_not_found(client, three_editions):
    three_editions.call_off(by=None)

    get(client, "/articles/fever/editions/3/", 404)
    with time_machine.travel(timezone.now() + timedelta(days=10)):
        get(client, "/articles/fever/editions/3/", 404)


def test_a_planned_edition_is_found_from_its_moment_on(client, three_editions):
    with time_machine.travel(timezone.now() + timedelta(days=10)):
        page = get(client, "/articles/fever/editions/3/")
        before = get(client, "/articles/fever/editions/2/")

    assert words(page.css_first("#cited")) == "Edition 3 is the current one"
    assert words(before.css_first("#cited")) == "This is edition 2, not the current one"


@pytest.mark.parametrize(
    "address",
    [
        "/articles/other/editions/1/",
        "/articles/unknown/editions/1/",
        "/articles/draft/editions/1/",
        "/articles/fever/editions/",
        "/articles/fever/editions/1/2/",
        "/it/articles/fever/editions/1/",
        "/it/articoli/fever/edizioni/1/",
    ],
)
def test_an_edition_is_found_at_its_own_address_only(client, three_editions, address):
    factories.ArticleFactory(slug="draft", language="en")
    other = factories.ArticleFactory(slug="other", language="it")
    factories.publish(other)

    get(client, address, 404)


def test_an_edition_stays_at_the_address_that_it_had(client):
    renamed("fever", "high-fever")

    old = get(client, "/articles/fever/editions/1/")
    new = get(client, "/articles/high-fever/editions/2/")

    assert old.css_first("#cited ~ p a").attrs["href"] == "/articles/high-fever/"
    assert [address for _day, _line, address in changes(new)] == [
        "/articles/high-fever/editions/2/",
        "/articles/fever/editions/1/",
    ]
    get(client, "/articles/fever/editions/2/", 404)
    get(client, "/articles/high-fever/editions/1/", 404)


@pytest.mark.parametrize("language", ["en", "it"])
def test_of_a_withdrawn_article_every_edition_is_gone(client, practice, language):
    article = factories.ArticleFactory(slug="one", language=language, body="<p>A</p>")
    on(noon(2025, 1, 2), article)
    on(noon(2025, 3, 4), article, slug="two", title="Fever", body="<p>Secret</p>")
    with time_machine.travel(noon(2026, 11, 8), tick=False):
        article.withdraw(note="No longer given.")

    for address in every_edition(article):
        response = client.get(address)
        page = LexborHTMLParser(response.content)

        main = words(page.css_first("main"))
        assert response.status_code == 410, address
        assert response["Cache-Control"] == "public, no-cache", address
        assert "No longer given." in main
        assert "Fever" in main
        assert "2026" in main
        assert page.css_first("main a[href^='tel:']").attrs["href"] == (
            "tel:+393317612698"
        )
        assert "Secret" not in response.text


def test_an_article_that_comes_back_brings_back_its_editions(client, three_editions):
    three_editions.withdraw()
    get(client, "/articles/fever/editions/1/", 410)

    factories.publish(three_editions)

    get(client, "/articles/fever/editions/1/")
    get(client, "/articles/fever/editions/3/", 404)
    get(client, "/articles/fever/editions/4/")


def test_a_visitor_may_switch_from_an_edition_to_the_other_language(client):
    english = factories.ArticleFactory(slug="fever", language="en")
    on(noon(2025, 1, 2), english)
    italian = factories.ArticleFactory(
        slug="febbre", language="it", translation_of=english, topic=english.topic
    )
    on(noon(2025, 1, 3), italian)
    on(noon(2025, 3, 4), english)

    page = get(client, "/articles/fever/editions/1/")

    switch = page.css_first("header [hreflang=it], [lang=it][href]")
    assert switch.attrs["href"] == "/it/articoli/febbre/"


# Updated #####################################################################


def dates(page):
    """The days in the line below the title: published, and updated."""
    return [time.attrs["datetime"] for time in page.css(".byline time")]


@pytest.mark.parametrize("language", ["en", "it"])
def test_only_a_change_of_content_tells_readers_that_a_page_was_updated(
    client, language
):
    article = factories.ArticleFactory(slug="fever", language=language)
    shown = []
    for month, kind in (
        (1, Change.CONTENT), (2, Change.FORM), (3, Change.CONTENT), (4, Change.FORM),
    ):  # fmt: skip
        on(noon(2026, month, 1), article, kind)
        shown.append(dates(get(client, article.get_absolute_url())))

    assert shown == [
        ["2026-01-01"],
        ["2026-01-01"],
        ["2026-01-01", "2026-03-01"],
        ["2026-01-01", "2026-03-01"],
    ]


def test_only_a_change_of_content_moves_an_article_up_in_the_lists(client):
    topic = factories.TopicFactory(slug="liver")
    old, new = (
        factories.ArticleFactory(slug=slug, title=slug, topic=topic)
        for slug in ("old", "new")
    )
    on(noon(2026, 1, 1), old)
    on(noon(2026, 2, 1), new)

    on(noon(2026, 3, 1), old, Change.FORM)
    corrected = [entries(get(client, a)) for a in ("/", "/articles/", "/topics/liver/")]
    on(noon(2026, 4, 1), old, Change.CONTENT)
    changed = [entries(get(client, a)) for a in ("/", "/articles/", "/topics/liver/")]

    order = [("new", "/articles/new/"), ("old", "/articles/old/")]
    assert corrected == [order] * 3
    assert changed == [order[::-1]] * 3


def test_a_list_dates_an_article_by_its_content(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2026, 1, 1), article)
    on(noon(2026, 3, 1), article, Change.FORM)

    listed = get(client, "/articles/").css(".entries time")

    assert [time.attrs["datetime"] for time in listed] == ["2026-01-01"]


@pytest.mark.parametrize(
    ("address", "published", "updated"),
    [
        ("/articles/", "Published 1 January 2026", "Updated 1 February 2026"),
        ("/it/articoli/", "Pubblicato: 1 gennaio 2026", "Aggiornato: 1 febbraio 2026"),
    ],
)
def test_a_list_tells_what_is_new_from_what_was_updated_and_how(
    client, address, published, updated
):
    language = "it" if address.startswith("/it/") else "en"
    article = factories.ArticleFactory(slug="fever", language=language)
    on(noon(2026, 1, 1), article, note="Not told of what is new.")
    first = get(client, address)
    on(noon(2026, 2, 1), article, note="The part on tablets is new.")
    on(noon(2026, 3, 1), article, Change.FORM, "A typing mistake.")

    second = get(client, address)

    assert [words(e) for e in first.css(".entries__meta")] == [published]
    assert first.css(".entries__note") == []
    assert [words(e) for e in second.css(".entries__meta")] == [updated]
    assert [words(e) for e in second.css(".entries__note")] == [
        "The part on tablets is new."
    ]


# Reviewed ####################################################################


def review_of(page):
    """What stands under the text of its review: days and words, by their names."""
    line = page.css_first(".review")
    if line is None:
        return None
    return {
        words(row.css_first("dt")): (
            row.css_first("time").attrs["datetime"]
            if row.css_first("time")
            else words(row.css_first("dd"))
        )
        for row in line.css("div")
    }


def review_days(page):
    return [time.attrs["datetime"] for time in page.css(".review time")]


def caution(page):
    """The heading of the warning before the text, if there is one."""
    warnings = [words(node.css_first("h2")) for node in page.css(".caution")]
    assert len(warnings) <= 1
    return warnings[0] if warnings else None


REVISED = "This page is being revised"
OVERDUE = "This page has not been checked in time"


def test_a_page_says_who_reviewed_it_and_when_the_next_review_is_due(client):
    doctor = factories.DoctorFactory(last_name="Lovelace")
    article = factories.ArticleFactory(slug="fever", author=doctor)
    on(noon(2026, 1, 31), article)

    page = get(client, "/articles/fever/")

    assert review_of(page) == {
        "Page last reviewed": "2026-01-31",
        "Next review due": "2029-01-31",
        "Reviewed by": "Dr. Ada Lovelace",
    }
    assert "31 January 2026" in words(page.css_first(".review"))


@pytest.mark.parametrize("language", ["en", "it"])
def test_a_page_that_was_never_reviewed_shows_no_review(client, language):
    article = factories.ArticleFactory(slug="fever", language=language)
    article.publish_unreviewed()

    page = get(client, article.get_absolute_url())

    assert page.css(".review, .caution") == []
    data = json.loads(page.css_first("script[type='application/ld+json']").text())
    assert {"lastReviewed", "reviewedBy"} & data.keys() == set()


def test_the_review_is_of_the_day_of_the_signature(client):
    """Not of the day from which readers see what was signed."""
    article = factories.ArticleFactory(slug="fever")
    with time_machine.travel(noon(2026, 1, 1), tick=False):
        factories.sign(article)
    with time_machine.travel(noon(2026, 1, 20), tick=False):
        article.publish(by=None, at=noon(2026, 2, 1))
    with time_machine.travel(noon(2026, 2, 2), tick=False):
        page = get(client, "/articles/fever/")

    assert review_days(page) == ["2026-01-01", "2029-01-01"]
    assert dates(page) == ["2026-02-01"]


@pytest.mark.parametrize(
    ("article_months", "topic_months", "practice_months", "due"),
    [
        (None, None, 24, "2028-01-31"),
        (None, 13, 24, "2027-02-28"),
        (1, 13, 24, "2026-02-28"),
    ],
)
def test_the_next_review_is_due_by_article_topic_or_practice(
    client, practice, article_months, topic_months, practice_months, due
):
    Practice.objects.update(review_months=practice_months)
    article = factories.ArticleFactory(
        slug="fever",
        review_months=article_months,
        topic=factories.TopicFactory(review_months=topic_months),
    )
    on(noon(2026, 1, 31), article)

    assert review_days(get(client, "/articles/fever/")) == ["2026-01-31", due]


@pytest.mark.parametrize("language", ["en", "it"])
def test_a_correction_of_form_does_not_move_the_review(client, language):
    article = factories.ArticleFactory(slug="fever", language=language)
    on(noon(2026, 1, 1), article)

    on(noon(2026, 3, 1), article, Change.FORM)
    corrected = review_days(get(client, article.get_absolute_url()))
    on(noon(2026, 5, 1), article, Change.CONTENT)
    changed = review_days(get(client, article.get_absolute_url()))

    assert corrected == ["2026-01-01", "2029-01-01"]
    assert changed == ["2026-05-01", "2029-05-01"]


@pytest.mark.parametrize("language", ["en", "it"])
def test_checked_and_still_correct_moves_the_review_and_makes_no_edition(
    client, language
):
    article = factories.ArticleFactory(slug="fever", language=language)
    on(noon(2026, 1, 1), article)
    before = changes(get(client, article.get_absolute_url()))

    checked(noon(2026, 6, 1), article)

    page = get(client, article.get_absolute_url())
    assert review_days(page) == ["2026-06-01", "2029-06-01"]
    assert dates(page) == ["2026-01-01"]
    assert changes(page) == before
    assert Edition.objects.count() == 1


def test_checked_and_still_correct_holds_for_later_corrections_of_form(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2026, 1, 1), article)
    checked(noon(2026, 6, 1), article)
    on(noon(2026, 7, 1), article, Change.FORM)

    assert review_days(get(client, "/articles/fever/")) == ["2026-06-01", "2029-06-01"]


def test_a_first_review_is_shown_under_what_was_published_without(client):
    article = factories.ArticleFactory(slug="fever")
    with time_machine.travel(noon(2026, 1, 1), tick=False):
        article.publish_unreviewed()
    checked(noon(2026, 6, 1), article)

    page = get(client, "/articles/fever/")

    assert review_days(page) == ["2026-06-01", "2029-06-01"]


def test_the_review_of_an_edition_that_was_called_off_is_never_shown(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2026, 1, 1), article)
    with time_machine.travel(noon(2026, 6, 1), tick=False):
        factories.publish(article, at=noon(2026, 7, 1))
        article.call_off(by=None)

    with time_machine.travel(noon(2026, 8, 1), tick=False):
        page = get(client, "/articles/fever/")

    assert review_days(page) == ["2026-01-01", "2029-01-01"]


def test_the_review_of_a_planned_edition_is_shown_from_its_moment_on(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2026, 1, 1), article)
    with time_machine.travel(noon(2026, 6, 1), tick=False):
        factories.publish(article, at=noon(2026, 7, 1))
        before = review_days(get(client, "/articles/fever/"))
    with time_machine.travel(noon(2026, 7, 1), tick=False):
        after = review_days(get(client, "/articles/fever/"))

    assert before == ["2026-01-01", "2029-01-01"]
    assert after == ["2026-06-01", "2029-06-01"]


def test_an_old_edition_shows_the_review_of_its_own_content(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2026, 1, 1), article)
    on(noon(2026, 5, 1), article)

    assert review_days(get(client, "/articles/fever/editions/1/"))[0] == "2026-01-01"
    assert review_days(get(client, "/articles/fever/editions/2/"))[0] == "2026-05-01"


# Stale or wrong ##############################################################


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("grace", [0, 60])
def test_readers_are_told_of_an_overdue_review_once_the_grace_is_over(
    client, practice, language, grace
):
    Practice.objects.update(review_grace_days=grace, review_months=12)
    article = factories.ArticleFactory(slug="fever", language=language)
    on(noon(2025, 1, 1), article)
    last_day = date(2026, 1, 1) + timedelta(days=grace)

    # By the clock of Rome, an hour ahead of UTC.
    end = datetime(last_day.year, last_day.month, last_day.day, 22, 59, 59, tzinfo=UTC)
    with time_machine.travel(end, tick=False):
        in_time = get(client, article.get_absolute_url())
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        too_late = get(client, article.get_absolute_url())

    assert len(in_time.css(".caution")) == 0
    assert len(too_late.css(".caution")) == 1
    assert review_days(too_late) == ["2025-01-01", "2026-01-01"]


def test_the_note_on_an_overdue_review_says_since_when(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2020, 1, 2), article)

    page = get(client, "/articles/fever/")

    assert caution(page) == OVERDUE
    assert "A doctor should have checked it by 2 January 2023." in words(
        page.css_first(".caution")
    )


def test_a_first_review_that_was_proposed_falls_due_like_any_other(client):
    article = factories.ArticleFactory(slug="fever")
    article.publish_unreviewed(review_on=date(2020, 1, 2))

    page = get(client, "/articles/fever/")

    assert caution(page) == OVERDUE
    assert "2 January 2020" in words(page.css_first(".caution"))
    assert review_of(page) is None


def test_a_review_ends_the_note_and_a_correction_of_form_does_not(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2020, 1, 2), article)
    overdue = caution(get(client, "/articles/fever/"))
    on(timezone.now(), article, Change.FORM)
    corrected = caution(get(client, "/articles/fever/"))
    checked(timezone.now(), article)

    assert (overdue, corrected) == (OVERDUE, OVERDUE)
    assert caution(get(client, "/articles/fever/")) is None


@pytest.mark.parametrize("language", ["en", "it"])
def test_readers_are_told_at_once_that_a_page_needs_changes(client, language):
    article = factories.ArticleFactory(slug="fever", language=language)
    on(noon(2026, 1, 1), article)

    checked(noon(2026, 6, 1), article, "CHANGES")

    page = get(client, article.get_absolute_url())
    assert len(page.css(".caution")) == 1
    assert "2026" in words(page.css_first(".caution"))
    # What was found correct before was so; no day is promised for the next time.
    assert review_days(page) == ["2026-01-01"]
    assert "A note for colleagues." not in page.html


def test_the_note_that_a_page_needs_changes_stays_until_it_is_changed(client):
    article = factories.ArticleFactory(slug="fever")
    shown = []

    def look():
        shown.append(caution(get(client, "/articles/fever/")))

    on(noon(2026, 1, 1), article)
    checked(noon(2026, 6, 1), article, "CHANGES")
    look()
    on(noon(2026, 6, 2), article, Change.FORM)
    look()
    on(noon(2026, 6, 3), article, Change.CONTENT)
    look()
    checked(noon(2026, 6, 4), article, "CHANGES")
    look()
    checked(noon(2026, 6, 5), article, "CORRECT")
    look()

    assert shown == [REVISED, REVISED, None, REVISED, None]


def test_what_has_to_be_withdrawn_is_gone_at_once(client):
    article = published(slug="fever")

    checked(timezone.now(), article, "WITHDRAW")

    get(client, "/articles/fever/", 410)


def test_who_follows_a_citation_of_the_current_edition_is_warned_too(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2026, 1, 1), article)
    on(noon(2026, 2, 1), article)
    checked(noon(2026, 6, 1), article, "CHANGES")

    assert caution(get(client, "/articles/fever/editions/2/")) == REVISED
    assert caution(get(client, "/articles/fever/editions/1/")) is None


# Interests ###################################################################


def test_who_pays_for_the_site_stands_under_every_article(client, practice):
    Practice.objects.update(disclosure=factories.both("The practice pays."))
    for language in ("en", "it"):
        published(slug="fever", language=language)

    english = get(client, "/articles/fever/").css(".disclosure")
    italian = get(client, "/it/articoli/fever/").css(".disclosure")

    assert [words(p) for p in english] == ["The practice pays."]
    assert [words(p) for p in italian] == ["The practice pays. (it)"]


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_interests_of_an_article_stand_instead(client, practice, language):
    Practice.objects.update(disclosure=factories.both("The practice pays."))
    article = published(
        slug="fever", language=language, disclosure="The author <lectured>."
    )

    shown = get(client, article.get_absolute_url()).css(".disclosure")

    assert [words(p) for p in shown] == ["The author <lectured>."]


def test_where_nothing_is_said_of_interests_nothing_stands(client, practice):
    published(slug="fever")

    assert get(client, "/articles/fever/").css(".disclosure") == []


# For search engines ##########################################################


def facts(client, address="/articles/fever/"):
    page = get(client, address)
    return json.loads(page.css_first("script[type='application/ld+json']").text())


def test_the_review_is_told_to_search_engines_too(client):
    doctor = factories.DoctorFactory(last_name="Lovelace")
    article = factories.ArticleFactory(slug="fever", author=doctor)
    on(noon(2026, 1, 1), article)
    other = factories.DoctorFactory(first_name="Grace", last_name="Hopper")

    signed = facts(client)
    reviewer = factories.ReviewerFactory(doctor=other)
    checked(noon(2026, 6, 1), article, by=reviewer)
    reviewed = facts(client)
    checked(noon(2026, 7, 1), article, "CHANGES", by=reviewer)
    objected = facts(client)

    assert (signed["lastReviewed"], signed["reviewedBy"]["name"]) == (
        "2026-01-01",
        "Ada Lovelace",
    )
    assert (reviewed["lastReviewed"], reviewed["reviewedBy"]["name"]) == (
        "2026-06-01",
        "Grace Hopper",
    )
    assert objected["lastReviewed"] == "2026-06-01"
    assert reviewed["author"]["name"] == "Ada Lovelace"


def test_a_correction_of_form_modifies_nothing_for_search_engines(client):
    article = factories.ArticleFactory(slug="fever")
    on(noon(2026, 1, 1), article)
    first = facts(client)
    on(noon(2026, 3, 1), article, Change.FORM)
    corrected = facts(client)
    on(noon(2026, 5, 1), article, Change.CONTENT)
    changed = facts(client)

    days = ("datePublished", "dateModified", "lastReviewed")
    assert [first[name][:10] for name in days] == ["2026-01-01"] * 3
    assert [corrected[name] for name in days] == [first[name] for name in days]
    assert [changed[name][:10] for name in days] == [
        "2026-01-01", "2026-05-01", "2026-05-01"
    ]  # fmt: skip


# Caching #####################################################################


@pytest.fixture
def addresses(practice):
    """One public page of each kind."""
    topic = factories.TopicFactory(slug="liver")
    doctor = factories.DoctorFactory(slug="ada")
    for language in ("en", "it"):
        published(language=language, slug="fever", topic=topic, author=doctor)
    return [
        "/",
        "/articles/",
        "/articles/fever/",
        "/topics/liver/",
        "/contact/",
        "/doctors/ada/",
        "/it/",
        "/it/articoli/",
        "/it/articoli/fever/",
        "/it/argomenti/liver/",
        "/it/contatti/",
        "/it/medici/ada/",
    ]


def test_browsers_keep_pages_but_always_ask_again(visitor, addresses):
    for address in addresses:
        response = visitor.get(address)

        assert response["Cache-Control"] == "public, no-cache", address
        assert re.fullmatch(r'"[0-9a-f]{24}"', response["ETag"]), address


def test_an_unchanged_page_is_not_sent_twice(visitor, addresses):
    for address in addresses:
        tag = visitor.get(address)["ETag"]

        again = visitor.get(address, HTTP_IF_NONE_MATCH=tag)

        assert (again.status_code, again.content) == (304, b""), address
        assert again["ETag"] == tag, address
        assert again["Cache-Control"] == "public, no-cache", address


def test_a_changed_phone_number_is_sent_at_once(visitor, addresses):
    for address in addresses:
        tag = visitor.get(address)["ETag"]
        phone = factories.PhoneFactory(number="+390612345678")

        changed = visitor.get(address, HTTP_IF_NONE_MATCH=tag)

        assert changed.status_code == 200, address
        assert "+39 06 1234 5678" in changed.text, address
        phone.delete()


def test_the_head_of_a_page_says_the_same_as_the_whole(client, addresses):
    for address in addresses:
        whole, head = client.get(address), client.head(address)

        assert (head.status_code, head.content) == (200, b""), address
        for name in ("Cache-Control", "Content-Language", "Content-Type"):
            assert head[name] == whole[name], address
        assert head["Content-Length"] == str(len(whole.content)), address


# Queries #####################################################################

# The practice with its doctors, their portraits, phones, e-mail addresses, locations,
# hours, closures and notices takes 9 of them on every page.
QUERIES = {
    "/": 12,  # + topics, letters of the A to Z, articles
    "/articles/": 12,  # + articles, topics, languages without any
    "/a-to-z/": 12,  # + letters, words, languages without any
    "/a-to-z/a/": 11,
    # + edition, topics, its reviews, portrait of who reviewed, translations, what
    # changed, related by choice, by words (index, editions) and by topic, the words
    # that are explained (kept for all articles)
    "/articles/fever/": 19,
    "/articles/fever/editions/2/": 16,  # + the current edition, nothing related
    "/articles/old-fever/editions/1/": 16,
    "/articles/old-fever/": 3,  # edition, past edition, the live one of its article
    "/articles/withdrawn/": 13,
    "/articles/withdrawn/editions/1/": 12,
    "/topics/liver/": 12,  # + topic, articles, languages without any
    # + whether it fits on one page, entries, languages without any
    "/glossary/": 12,
    # + longer words, synonyms, terms and whether they fit one page, topics, three looks
    # at the index, what to rank, what to show, and the practice once more: in a
    # transaction nothing is kept
    "/search/?q=plain": 28,
    "/contact/": 9,
    "/contact/practice.vcf": 9,
    "/contact/practice-4.vcf": 9,
    "/contact/practice.svg": 9,
    "/contact/practice.json": 9,
    "/contact/fhir.json": 9,
    "/legal/": 9,
    "/privacy/": 10,  # + statement
    "/doctors/ada/": 10,  # + doctor
    "/doctors/ada/card.vcf": 9,
    "/doctors/ada/card.svg": 9,
    "/not-there/": 10,  # + a redirect from there
    "/robots.txt": 0,
    "/healthz": 1,
    "/contact/email/1/": 1,
}


@pytest.mark.parametrize("articles", [1, 30])
def test_the_number_of_queries_does_not_grow(client, articles):
    factories.EmailFactory(pk=1)
    for _row in range(1 if articles == 1 else 5):
        factories.LocationFactory()
        factories.HoursFactory()
        factories.ClosureFactory()
        factories.NoticeFactory()
    picture = library_picture()
    doctor = factories.DoctorFactory(slug="ada", portrait=picture)
    topic = factories.TopicFactory(slug="liver")
    common = {"author": doctor, "topic": topic, "picture": picture, "picture_alt": "x"}
    renamed("old-fever", "fever", **common)
    published(slug="withdrawn", **common).withdraw()
    for _article in range(articles - 1):
        article = factories.ArticleFactory(**common)
        factories.SourceFactory(article=article)
        factories.publish(article)

    numbers = {}
    for address in QUERIES:
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        numbers[address] = len(queries)

    assert numbers == QUERIES


def test_the_number_of_queries_does_not_grow_with_the_editions(client, practice):
    article = factories.ArticleFactory(slug="fever")
    gone = factories.ArticleFactory(slug="gone", topic=article.topic)
    reviewer = factories.ReviewerFactory(doctor=article.author)
    start = noon(2025, 1, 1)

    def editions(*days):
        for day in days:
            for row in (article, gone):
                kind = Change.FORM if day % 3 else Change.CONTENT
                on(start + timedelta(days=day), row, kind)
        checked(noon(2025, 6, 1), article, by=reviewer)
        gone.withdraw(at=noon(2025, 6, 2))

    def asked():
        numbers = {}
        for address in (
            "/", "/articles/", "/articles/fever/", "/articles/fever/editions/1/",
            "/articles/fever/editions/2/", "/articles/gone/", "/it/",
            "/articles/gone/editions/1/",
        ):  # fmt: skip
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            numbers[address] = len(queries)
        return numbers

    editions(1, 2)
    few = asked()
    editions(*range(3, 20))

    assert Edition.objects.count() == 2 * 19
    assert asked() == few


# What an article still asks once practice, topics and neighbours are known: edition,
# reviews, translations, chosen articles, similar ones (two). A list asks for its own.
LATER = {"/articles/fever/": 6, "/articles/": 1, "/contact/": 0, "/topics/liver/": 2}


@pytest.mark.django_db(transaction=True)
def test_what_all_pages_show_is_read_once_for_all_of_them(client, practice):
    published(slug="fever", topic=factories.TopicFactory(slug="liver"))
    for address in LATER:
        client.get(address)
    asked = {}
    for address in LATER:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        own = [q for q in queries if "clinic_generation" not in q["sql"]]
        asked[address] = len(own)

    assert asked == LATER


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_of_a_page_follows_every_change(client, practice):
    """The parts that all pages share are kept; so is what a topic has most recently."""
    topic = factories.TopicFactory(slug="liver")
    published(slug="fever", topic=topic)
    client.get("/articles/fever/")
    factories.PhoneFactory(number="+390612345678", in_header=True)
    published(slug="other", title="Another one", topic=topic)

    page = client.get("/articles/fever/").text
    assert page.count("+39 06 1234 5678") >= 2
    assert "Another one" in page
    assert "Telefono" in client.get("/it/articoli/").text

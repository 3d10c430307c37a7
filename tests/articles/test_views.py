"""What visitors find: lists, topics, articles, and what became of old addresses."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from articles.views import PER_PAGE
from clinic.models import Picture
from tests import factories

pytestmark = pytest.mark.django_db


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
    article.publish()
    return article


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
        factories.ArticleFactory(
            title=f"{age} days old", slug=f"days-{age}", topic=topic
        ).publish(at=now - timedelta(days=age))

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
        factories.ArticleFactory(
            title=f"No. {number}", slug=f"no-{number}", topic=topic, author=doctor
        ).publish(at=now - timedelta(days=number))


@pytest.mark.parametrize("address", ["/articles/", "/topics/liver/"])
def test_a_long_list_is_read_page_by_page(client, long_list, address):
    pages = [get(client, f"{address}?page={number}") for number in (1, 2, 3)]

    titles = [title for page in pages for title, _address in entries(page)]
    assert titles == [f"No. {number}" for number in range(2 * PER_PAGE + 1)]
    assert len({page.css_first("title").text() for page in pages}) == 3


def pagination(page):
    return [
        (words(link), link.attrs["href"], link.attrs.get("aria-current"))
        for link in page.css(".pagination a")
    ]


@pytest.mark.parametrize("address", ["/articles/", "/topics/liver/"])
def test_the_pages_of_a_list_lead_to_each_other(client, long_list, address):
    first, second, third = (
        pagination(get(client, f"{address}?page={number}")) for number in (1, 2, 3)
    )

    assert first == [
        ("Page 1", address, "page"),
        ("Page 2", f"{address}?page=2", None),
        ("Page 3", f"{address}?page=3", None),
        ("Next", f"{address}?page=2", None),
    ]
    assert second == [
        ("Previous", address, None),
        ("Page 1", address, None),
        ("Page 2", f"{address}?page=2", "page"),
        ("Page 3", f"{address}?page=3", None),
        ("Next", f"{address}?page=3", None),
    ]
    assert third == [
        ("Previous", f"{address}?page=2", None),
        ("Page 1", address, None),
        ("Page 2", f"{address}?page=2", None),
        ("Page 3", f"{address}?page=3", "page"),
    ]


def test_a_list_that_fits_on_one_page_has_no_pagination(client):
    published()

    assert get(client, "/articles/").css(".pagination") == []


@pytest.mark.parametrize(
    "number",
    ["abc", "0", "-1", "4", "999", "1.5", "%00", "%ff", "1%00", "2;drop", "9" * 5000],
)
@pytest.mark.parametrize("address", ["/articles/", "/topics/liver/"])
def test_a_page_of_a_list_that_does_not_exist_is_not_found(
    client, long_list, address, number
):
    page = get(client, f"{address}?page={number}", 404)

    assert "This page is not here" in words(page.css_first("h1"))


@pytest.mark.parametrize("query", ["", "?page=", "?page=1", "?page=2&page=1", "?x=9"])
def test_a_query_that_asks_for_no_other_page_shows_the_first(client, long_list, query):
    assert entries(get(client, f"/articles/{query}"))[0][0] == "No. 0"


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
    ("language", "address", "published_line", "updated_line"),
    [
        (
            "en",
            "/articles/fever/",
            "Published 31 December 2025",
            " · updated 8 November 2026",
        ),
        (
            "it",
            "/it/articoli/fever/",
            "Pubblicato: 31 dicembre 2025",
            " · aggiornato: 8 novembre 2026",
        ),
    ],
)
def test_an_article_says_when_it_was_published_and_updated(
    client, language, address, published_line, updated_line
):
    article = factories.ArticleFactory(language=language, slug="fever")
    article.publish(at=datetime(2025, 12, 31, 12, tzinfo=UTC))
    first = words(get(client, address).css_first(".byline"))

    article.publish(at=datetime(2026, 11, 8, 12, tzinfo=UTC))
    page = get(client, address)

    assert first.endswith(published_line)
    assert words(page.css_first(".byline")).endswith(published_line + updated_line)
    times = [time.attrs["datetime"] for time in page.css(".byline time")]
    assert times == ["2025-12-31", "2026-11-08"]


def test_dates_are_those_of_the_practice_not_of_greenwich(client):
    late_in_london = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    factories.ArticleFactory(slug="fever").publish(at=late_in_london)

    page = get(client, "/articles/fever/")

    assert words(page.css_first(".byline")).endswith("1 January 2026")
    assert page.css_first(".byline time").attrs["datetime"] == "2026-01-01"


def test_an_edition_of_the_same_day_is_no_update(client):
    article = factories.ArticleFactory(slug="fever")
    article.publish(at=datetime(2026, 1, 1, 8, tzinfo=UTC))
    article.publish(at=datetime(2026, 1, 1, 9, tzinfo=UTC))

    line = words(get(client, "/articles/fever/").css_first(".byline"))

    assert line.endswith("Published 1 January 2026")


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
    article.publish()

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
    article.publish()

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
    ("language", "address", "sentence"),
    [
        ("en", "/articles/fever/", "it is no medical advice"),
        ("it", "/it/articoli/fever/", "non è un parere medico"),
    ],
)
def test_a_sample_says_that_it_is_one(client, language, address, sentence):
    article = published(slug="fever", language=language, is_sample=True)
    sample = words(get(client, address).css_first("article"))
    article.is_sample = False
    article.save()
    article.publish()

    reviewed = words(get(client, address).css_first("article"))

    assert sentence in sample
    assert sentence not in reviewed


def test_related_articles_are_four_live_ones_of_the_topic_and_language(client):
    now = timezone.now()
    liver, other = factories.TopicFactory(), factories.TopicFactory()
    for number in range(6):
        factories.ArticleFactory(
            title=f"No. {number}", slug=f"no-{number}", topic=liver
        ).publish(at=now - timedelta(days=number))
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
    factories.ArticleFactory(slug="fever").publish(at=tomorrow)

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
    article = published(slug="fever", title="Secret", language=language)
    article.withdraw()

    response = client.get(address)
    page = LexborHTMLParser(response.content)

    assert response.status_code == 410
    assert response["Cache-Control"] == "public, no-cache"
    assert words(page.css_first("h1")) == heading
    assert "+39 331 761 2698" in words(page.css_first("main"))
    assert page.css_first("main a[href^='tel:']").attrs["href"] == "tel:+393317612698"
    assert "Secret" not in response.text


def renamed(slug, new_slug, **kwargs):
    article = published(slug=slug, **kwargs)
    article.slug = new_slug
    article.save()
    article.publish()
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
    article.slug = "three"
    article.save()
    article.publish()

    for slug in ("one", "two"):
        response = client.get(f"/articles/{slug}/")
        assert (response.status_code, response["Location"]) == (301, "/articles/three/")


def test_an_article_that_returns_to_its_first_address_does_not_lead_in_circles(client):
    article = renamed("one", "two")
    article.slug = "one"
    article.save()
    article.publish()

    get(client, "/articles/one/")
    assert client.get("/articles/two/")["Location"] == "/articles/one/"


def test_a_former_address_taken_by_another_article_shows_that_one(client):
    renamed("fever", "high-fever")
    published(slug="fever", title="The new one")

    assert words(get(client, "/articles/fever/").css_first("h1")) == "The new one"


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


def test_what_is_not_live_stands_nowhere(client, practice):
    doctor, topic = factories.DoctorFactory(), factories.TopicFactory(slug="liver")
    marker = "XYZZY"
    hidden = {
        "title": marker,
        "summary": marker,
        "body": f"<h2>{marker}</h2><p>{marker}</p>",
        "key_phrases": marker,
        "picture": library_picture(),
        "picture_alt": marker,
        "picture_caption": marker,
        "picture_credit": marker,
        "topic": topic,
        "author": doctor,
    }
    for language in ("en", "it"):
        article = published(language=language, slug="live", topic=topic, author=doctor)
        for name, value in hidden.items():
            setattr(article, name, value)
        article.save()
        factories.SourceFactory(article=article, title=marker)
        factories.ArticleFactory(language=language, slug="draft", **hidden)
        published(language=language, slug="withdrawn", **hidden).withdraw()
        factories.ArticleFactory(language=language, slug="tomorrow", **hidden).publish(
            at=timezone.now() + timedelta(days=1)
        )

    pages = every_public_page(client)
    for slug in ("draft", "withdrawn", "tomorrow"):
        for address in (f"/articles/{slug}/", f"/it/articoli/{slug}/"):
            pages[address] = client.get(address)

    assert {"/articles/live/", "/it/articoli/live/", "/topics/liver/"} <= set(pages)
    for address, response in pages.items():
        assert marker not in response.text, address


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


def test_browsers_keep_pages_but_always_ask_again(client, addresses):
    for address in addresses:
        response = client.get(address)

        assert response["Cache-Control"] == "public, no-cache", address
        assert re.fullmatch(r'"[0-9a-f]{32}"', response["ETag"]), address


def test_an_unchanged_page_is_not_sent_twice(client, addresses):
    for address in addresses:
        tag = client.get(address)["ETag"]

        again = client.get(address, headers={"if-none-match": tag})

        assert (again.status_code, again.content) == (304, b""), address
        assert again["ETag"] == tag, address
        assert again["Cache-Control"] == "public, no-cache", address


def test_a_changed_phone_number_is_sent_at_once(client, addresses):
    for address in addresses:
        tag = client.get(address)["ETag"]
        phone = factories.PhoneFactory(number="+390612345678")

        changed = client.get(address, headers={"if-none-match": tag})

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
    "/": 11,  # + topics, articles
    "/articles/": 12,  # + number of articles, articles, topics
    "/articles/?page=2": 12,
    "/articles/fever/": 12,  # + edition, translations, related
    "/articles/old-fever/": 4,  # edition, past edition, its article, its live edition
    "/articles/withdrawn/": 13,
    "/topics/liver/": 12,  # + topic, number of articles, articles
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
    "/not-there/": 9,
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
        article.publish()

    numbers = {}
    for address in QUERIES:
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        numbers[address] = len(queries)

    # Of one article there is no second page: neither it nor the topics are read.
    expected = QUERIES | ({"/articles/?page=2": 10} if articles == 1 else {})
    assert numbers == expected

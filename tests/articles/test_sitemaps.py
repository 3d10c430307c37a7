"""The sitemap: its rules, what is in it, and what is not."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
import time_machine
import xmlschema
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles import sitemaps
from articles.models import Article, Edition, Statement
from clinic.edge.edge import LARGEST
from tests import factories

pytestmark = pytest.mark.django_db

SITE = "https://testserver"
NAMES = {"s": sitemaps.NAMESPACE, "x": sitemaps.XHTML}
# The rules of sitemaps.org/protocol.html, and of the links that search engines read in
# it; the elements stand in the order in which the portal writes them.
RULES = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    targetNamespace="http://www.sitemaps.org/schemas/sitemap/0.9"
    xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" elementFormDefault="qualified">
  <xs:simpleType name="address"><xs:restriction base="xs:anyURI">
    <xs:minLength value="12"/><xs:maxLength value="2048"/>
    <xs:pattern value="https?://[a-z0-9.:-]+/[!-~]*"/>
  </xs:restriction></xs:simpleType>
  <xs:simpleType name="moment"><xs:union>
    <xs:simpleType><xs:restriction base="xs:date"/></xs:simpleType>
    <xs:simpleType><xs:restriction base="xs:dateTime">
      <xs:pattern value=".*(Z|[+-]\\d\\d:\\d\\d)"/>
    </xs:restriction></xs:simpleType>
  </xs:union></xs:simpleType>
  <xs:element name="urlset"><xs:complexType><xs:sequence>
    <xs:element name="url" maxOccurs="50000"><xs:complexType><xs:sequence>
      <xs:element name="loc" type="address"/>
      <xs:element name="lastmod" type="moment" minOccurs="0"/>
      <xs:any namespace="http://www.w3.org/1999/xhtml" processContents="lax"
        minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="sitemapindex"><xs:complexType><xs:sequence>
    <xs:element name="sitemap" maxOccurs="50000"><xs:complexType><xs:sequence>
      <xs:element name="loc" type="address"/>
      <xs:element name="lastmod" type="moment" minOccurs="0"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""
SCHEMA = xmlschema.XMLSchema(RULES)


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = SITE


def tree(client, address):
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/xml")
    SCHEMA.validate(answer.content.decode())
    return ElementTree.fromstring(answer.content)


def paths(found):
    return [loc.text.removeprefix(SITE) for loc in found.iterfind(".//s:loc", NAMES)]


def sitemap(client):
    """Every entry of the sitemap: address, moment, alternates."""
    entries = {}
    for part in paths(tree(client, "/sitemap.xml")):
        for url in tree(client, part):
            (path,) = paths(url)
            assert path not in entries
            changed = url.findtext("s:lastmod", namespaces=NAMES)
            links = url.findall("x:link", NAMES)
            assert {link.get("rel") for link in links} <= {"alternate"}
            entries[path] = (
                changed and datetime.fromisoformat(changed),
                {
                    link.get("hreflang"): link.get("href").removeprefix(SITE)
                    for link in links
                },
            )
    return entries


def test_the_rules_refuse_what_the_protocol_does():
    def entry(inside):
        return f'<urlset xmlns="{sitemaps.NAMESPACE}"><url>{inside}</url></urlset>'

    assert SCHEMA.is_valid(entry("<loc>https://testserver/</loc>"))
    for wrong in (
        "<loc>/articles/</loc>",
        "<loc>https://testserver/à/</loc>",
        "<loc>https://testserver/</loc><lastmod>yesterday</lastmod>",
        "<loc>https://testserver/</loc><lastmod>2026-12-01T12:00:00</lastmod>",
        "<lastmod>2026-12-01</lastmod>",
    ):
        assert not SCHEMA.is_valid(entry(wrong)), wrong


def test_every_page_that_may_be_indexed_is_listed(client, practice):
    doctor = practice.doctors.get()
    article = factories.ArticleFactory(slug="liver", author=doctor, topic__slug="t")
    factories.publish(article)
    translated = factories.ArticleFactory(
        language="it",
        slug="fegato",
        author=doctor,
        topic=article.topic,
        translation_of=article,
    )
    factories.publish(translated)

    assert sorted(sitemap(client)) == sorted(
        [
            "/", "/articles/", "/articles/liver/", "/topics/t/", "/contact/", "/legal/",
            f"/doctors/{doctor.slug}/", "/privacy/", "/accessibility/",
            "/it/", "/it/articoli/", "/it/articoli/fegato/", "/it/argomenti/t/",
            "/it/contatti/", "/it/note-legali/", f"/it/medici/{doctor.slug}/",
            "/it/privacy/", "/it/accessibilita/",
            "/a-to-z/", "/a-to-z/a/", "/it/dalla-a-alla-z/", "/it/dalla-a-alla-z/a/",
        ]
    )  # fmt: skip


def test_a_page_names_its_counterparts_and_they_name_it(client, practice):
    article = factories.ArticleFactory(slug="liver")
    factories.publish(article)
    factories.publish(
        factories.ArticleFactory(language="it", slug="fegato", translation_of=article)
    )

    entries = sitemap(client)

    pair = {
        "en": "/articles/liver/",
        "it": "/it/articoli/fegato/",
        "x-default": "/articles/liver/",
    }
    assert entries["/articles/liver/"][1] == pair
    for path, (_changed, links) in entries.items():
        for other in links.values():
            assert entries[other][1] == links, path
        assert links == {} or path in links.values()


def test_what_no_reader_finds_is_not_listed(client, practice):
    draft = factories.ArticleFactory(slug="draft")
    planned = factories.ArticleFactory(slug="planned")
    factories.publish(planned, at=timezone.now() + timedelta(days=1))
    withdrawn = factories.ArticleFactory(slug="withdrawn")
    factories.publish(withdrawn)
    withdrawn.withdraw()
    original = factories.ArticleFactory(slug="original")
    factories.publish(original)
    factories.ArticleFactory(language="it", slug="bozza", translation_of=original)

    entries = sitemap(client)

    articles = [path for path in entries if "/art" in path]
    assert articles == ["/articles/", "/articles/original/"]
    assert entries["/articles/original/"][1] == {}
    topics = [path for path in entries if "/topics/" in path or "/argomenti/" in path]
    assert topics == [original.topic.get_absolute_url()]
    assert draft.topic.get_absolute_url() not in entries


def test_what_is_planned_is_listed_from_its_moment_on(client):
    article = factories.ArticleFactory(slug="planned")
    begins = timezone.now() + timedelta(days=1)
    factories.publish(article, at=begins)

    with time_machine.travel(begins + timedelta(seconds=1)):
        assert "/articles/planned/" in sitemap(client)


def test_an_article_was_changed_when_its_content_was(client):
    article = factories.ArticleFactory(slug="liver")
    first = datetime(2026, 6, 1, 8, tzinfo=UTC)
    factories.publish(article, at=first)
    article.change_kind = "FORM"
    article.save()
    factories.publish(article)

    assert sitemap(client)["/articles/liver/"][0] == first


def test_a_list_was_changed_when_its_newest_article_was(client):
    old, new = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6))
    topic = factories.TopicFactory(slug="old")
    factories.publish(factories.ArticleFactory(topic=topic), at=old)
    factories.publish(factories.ArticleFactory(topic__slug="new"), at=new)

    entries = sitemap(client)

    assert entries["/topics/old/"][0] == old
    for path in ("/", "/articles/", "/topics/new/"):
        assert entries[path][0] == new
    assert entries["/it/"][0] is None


def test_nobody_claims_a_moment_that_nobody_knows(client, practice):
    Statement.objects.fill_in()
    written = Statement.objects.get(kind="PRIVACY", language="it")
    written.body = "<p>Our own words.</p>"
    written.save()

    entries = sitemap(client)

    known = {path for path, (changed, _links) in entries.items() if changed}
    assert known == {"/it/privacy/"}
    assert entries["/it/privacy/"][0] == written.updated_at.replace(microsecond=0)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(sitemaps, "SPAN", 4)


def many(count):
    """Live articles without all that publishing does."""
    topic, author = factories.TopicFactory(), factories.DoctorFactory()
    rows = Article.objects.bulk_create(
        factories.ArticleFactory.build(topic=topic, author=author) for _ in range(count)
    )
    at = datetime(2026, 1, 1, tzinfo=UTC)
    Edition.objects.bulk_create(
        Edition(
            article=row,
            number=1,
            content_number=1,
            content_since=at,
            live_from=at,
            first_published_at=at,
            published_at=at,
            **row.copied(),
        )
        for row in rows
    )
    return rows


def test_articles_are_split_by_their_keys_and_each_is_in_one_part(client, small_parts):
    rows = many(11)
    first = rows[0].pk // 4

    index = paths(tree(client, "/sitemap.xml"))
    listed = [path for part in index[1:] for path in paths(tree(client, part))]

    last = rows[-1].pk // 4
    assert index == ["/sitemap-pages.xml"] + [
        f"/sitemap-articles-{number}.xml" for number in range(first, last + 1)
    ]
    assert listed == [f"/articles/{row.slug}/" for row in rows]


def test_a_gap_between_keys_makes_no_part(client, small_parts):
    rows = many(2)
    far = many(1)[0]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # PostgreSQL's wait for the end by themselves
            cursor.execute("PRAGMA defer_foreign_keys = ON")
        cursor.execute(
            "UPDATE articles_article SET id = 4000001 WHERE id = %s", [far.pk]
        )
        cursor.execute(
            "UPDATE articles_edition SET article_id = 4000001 WHERE article_id = %s",
            [far.pk],
        )

    with CaptureQueriesContext(connection) as queries:
        parts = list(sitemaps.parts())

    assert parts == sorted({row.pk // 4 for row in rows} | {1000000})
    assert len(queries) == len(parts) + 1


@pytest.mark.parametrize("part", ["999", "99999999999999999999"])
def test_a_part_without_articles_is_not_there(client, part):
    many(1)

    assert client.get(f"/sitemap-articles-{part}.xml").status_code == 404


def test_the_number_of_queries_does_not_grow(client):
    numbers = []
    for count in (2, 30):
        part = many(count)[0].pk // sitemaps.SPAN
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"/sitemap-articles-{part}.xml")
        assert answer.status_code == 200
        numbers.append(len(queries))
        Edition.objects.all()._raw_delete("default")
        Article.objects.all()._raw_delete("default")

    assert numbers == [2, 2]


def test_the_longest_addresses_still_fit_into_a_part_that_the_edge_keeps():
    slug = "a" * 120
    group = [
        sitemaps.Page(code, f"/{code}/articoli/{slug}/", timezone.now())
        for code, _name in settings.LANGUAGES
    ]

    assert len(sitemaps.url(group[0], group)) * sitemaps.SPAN < LARGEST


def test_the_edge_keeps_every_file(visitor, practice):
    factories.publish(factories.ArticleFactory())
    part = f"/sitemap-articles-{Article.objects.get().pk // sitemaps.SPAN}.xml"
    files = ["/sitemap.xml", "/sitemap-pages.xml", part]

    for _ in range(2):
        assert [visitor.get(file).status_code for file in files] == [200] * 3

    assert len(visitor.rendered) == 3


def test_robots_are_told_where_it_is(client):
    assert (
        f"\nSitemap: {SITE}/sitemap.xml\n" in client.get("/robots.txt").content.decode()
    )


def test_of_two_articles_that_claim_a_language_one_is_listed_as_it(client):
    """Linked anew, but the old edition still says otherwise."""
    original = factories.ArticleFactory(slug="fever")
    factories.publish(original)
    first, second = (
        factories.ArticleFactory(language="it", slug=slug)
        for slug in ("prima", "seconda")
    )
    first.link(original)
    factories.publish(saved(first))
    first.link(None)
    second.link(original)
    saved(first)
    factories.publish(saved(second))

    entries = sitemap(client)

    pair = {
        "en": "/articles/fever/",
        "it": "/it/articoli/seconda/",
        "x-default": "/articles/fever/",
    }
    assert entries["/articles/fever/"][1] == pair
    assert entries["/it/articoli/seconda/"][1] == pair
    assert entries["/it/articoli/prima/"][1] == {}


def saved(article):
    article.save()
    return article

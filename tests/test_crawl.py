"""The whole sample site in both languages, read as a search engine reads it."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit
from xml.etree import ElementTree

import feedparser
import pytest
from django.core.management import call_command
from selectolax.lexbor import LexborHTMLParser

from tests.articles.test_sitemaps import NAMES
from tests.clinic.test_structured_data import faults, nodes

SITE = "https://testserver"
NAMING = ("href", "src", "action")
# What people type into the field: one that finds, one that hardly does, one in vain.
SEARCHES = ["/search/?q=metastases", "/search/?q=xyzzy", "/it/cerca/?q=metasasi"]
# What is said of a page by people and not by the portal.
THEIRS = ("/", "/it/", "/articles/", "/it/articoli/", "/topics/", "/it/argomenti/")


@dataclass(frozen=True)
class Page:
    path: str
    status: int
    content: bytes
    kind: str
    is_told: bool  # X-Robots-Tag does not forbid it

    @cached_property
    def tree(self):
        return LexborHTMLParser(self.content.decode())

    @property
    def is_html(self):
        return self.kind.startswith("text/html")

    def one(self, selector, attribute="content"):
        """The attribute of the only such element, None if there is none."""
        found = [node.attrs.get(attribute) for node in self.tree.css(selector)]
        assert len(found) <= 1, (self.path, selector)
        return found[0] if found else None

    @property
    def is_indexable(self):
        robots = self.one('meta[name="robots"]') or ""
        return self.is_html and self.is_told and "noindex" not in robots

    @property
    def language(self):
        return self.one("html", "lang")

    @property
    def counterparts(self):
        links = self.tree.css('link[rel="alternate"][hreflang]')
        return {link.attrs["hreflang"]: link.attrs["href"] for link in links}

    @property
    def links(self):
        """Every address of this site that the page names, with its query."""
        named = "a[href], link[href], img[src], source[srcset], form[action]"
        for node in self.tree.css(named):
            if "nofollow" in (node.attrs.get("rel") or ""):
                continue  # to a mail program
            told = next(filter(None, map(node.attrs.get, NAMING)), "")
            sets = node.attrs.get("srcset") or ""
            for address in [
                told,
                *(part.split()[0] for part in sets.split(", ") if part),
            ]:
                parts = urlsplit(address.removeprefix(SITE))
                if address and not parts.scheme and not parts.netloc and parts.path:
                    yield parts.path + (f"?{parts.query}" if parts.query else "")


@pytest.fixture
def pages(transactional_db, settings, visitor):
    """Every page that links lead to, and what those pages load."""
    settings.SITE_URL = SITE
    call_command("load_sample", verbosity=0)
    found, waiting = {}, ["/", "/it/", *SEARCHES]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        answer = visitor.get(path)
        headers = answer.headers
        page = found[path] = Page(
            path,
            answer.status_code,
            answer.content,
            headers.get("Content-Type", ""),
            "noindex" not in headers.get("X-Robots-Tag", ""),
        )
        if page.is_html:
            waiting += page.links
    return found


def twice(values):
    return [value for value, count in Counter(values).items() if count > 1]


def listed(visitor):
    """The paths of the sitemap, each with its counterparts by language."""

    def read(path):
        found = ElementTree.fromstring(visitor.get(path).content)
        return {
            entry.findtext("s:loc", namespaces=NAMES).removeprefix(SITE): {
                link.get("hreflang"): link.get("href")
                for link in entry.findall("x:link", NAMES)
            }
            for entry in found
        }

    return {
        path: links
        for part in read("/sitemap.xml")
        for path, links in read(part).items()
    }


def test_a_search_engine_finds_a_site_in_order(pages, visitor):
    """One walk for all: to load and to read the sample is what takes time."""
    html = [page for page in pages.values() if page.is_html]
    indexable = [page for page in html if page.is_indexable]

    # No link is broken and none leads through another address.
    assert {p.path: p.status for p in pages.values() if p.status != 200} == {}

    # Search, glossary and A to Z are part of the walk.
    walked = {"/search/", "/it/cerca/", "/glossary/", "/it/glossario/", "/a-to-z/f/"}
    assert walked <= set(pages)

    # What is listed is what links lead to.
    assert len(indexable) > 30
    counterparts = listed(visitor)
    assert sorted(counterparts) == sorted(page.path for page in indexable)
    assert {page.path: page.counterparts for page in indexable} == counterparts

    # Every page has words of its own for a list of results.
    for language in ("en", "it"):
        own = [page for page in html if page.language == language]
        assert twice(page.tree.css_first("title").text() for page in own) == []
        told = [page.one('meta[name="description"]') for page in own]
        assert twice(text for text in told if text) == []
    for page in indexable:
        title = page.tree.css_first("title").text()
        assert title == title.strip() != "", page.path
        description = page.one('meta[name="description"]')
        assert description, page.path
        if not page.path.startswith(THEIRS[2:]) and page.path not in THEIRS:
            assert 50 <= len(description) <= 160, (page.path, description)

    # Every page that is for search engines is its own canonical one.
    for page in html:
        canonical = page.one('link[rel="canonical"]', "href")
        current = re.sub(r"/(editions|edizioni)/\d+/$", "/", page.path)
        current = re.sub(r"\?q=.*", "", current)
        assert canonical == SITE + current, page.path

    # What it says of itself in data is of the vocabulary.
    data = {
        page.path: json.loads(script.text())
        for page in html
        for script in page.tree.css('script[type="application/ld+json"]')
    }
    known = [
        (n["@id"], n["@type"]) for d in data.values() for n in nodes(d) if "@id" in n
    ]
    assert {
        path: faults(d, known) for path, d in data.items() if faults(d, known)
    } == {}
    assert {d["@type"] for d in data.values() if "@type" in d} == {"MedicalWebPage"}

    # Its picture is there, and its feed.
    for page in indexable:
        image = page.one('meta[property="og:image"]')
        if image is not None:
            answer = visitor.get(image.removeprefix(SITE))
            assert answer.headers["Content-Type"].startswith("image/"), page.path
    feeds = [page for page in pages.values() if "atom" in page.kind]
    assert len(feeds) == 10  # all articles and four topics, twice
    assert [f.path for f in feeds if feedparser.parse(f.content).bozo] == []

"""One style sheet, and how much of a page has to travel before it can be read."""

import re
from pathlib import Path
from random import Random

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.loader import get_template
from selectolax.lexbor import LexborHTMLParser

from articles.management.commands import make_bench_data
from clinic.static import minified
from tests import factories

SHEET = "css/portal.css"
SHEETS = ["tokens", "base", "layout", "components", "print"]
ROOT = Path(settings.BASE_DIR)
SOURCE = ROOT / "static" / "css"
TEMPLATES = sorted(path.relative_to(ROOT) for path in ROOT.glob("templates/**/*.html"))
# RFC 6928: ten segments of 1,460 bytes travel before the first answer is awaited.
ONE_ROUND_TRIP = 14_000


def joined():
    stored = staticfiles_storage.stored_name(SHEET)
    return Path(staticfiles_storage.path(stored)).read_text()


def test_the_style_sheets_are_sent_as_one_in_their_order():
    sheet = joined()
    layers = re.findall(r"^@layer (.*?);", sheet)
    order = [sheet.index(f"@layer {name}{{") for name in SHEETS]

    assert layers == [",".join(SHEETS)]
    assert order == sorted(order)
    assert "@import" not in sheet
    assert sheet.index("@media print{") < order[-1]
    assert sheet.count("{") == sheet.count("}")


@pytest.mark.parametrize("name", SHEETS)
def test_every_rule_is_in_it(name):
    source = (SOURCE / f"{name}.css").read_text()

    assert minified(source) in joined()


@pytest.mark.parametrize(
    ("sheet", "small"),
    [
        (".prose :is(ul, ol) { margin: 0; }", ".prose :is(ul,ol){margin:0}"),
        ("a:hover,\n  b { color: red; }\n", "a:hover,b{color:red}"),
        ('td::before { content: attr(x) ": "; }', 'td::before{content:attr(x) ": "}'),
        ("a { b: c } /* a; { b } */\nd { e: f }", "a{b:c}d{e:f}"),
        ("@media (min-width: 1px) { a { b: c; } }", "@media (min-width:1px){a{b:c}}"),
        ("a { width: calc(1px + 2px); }", "a{width:calc(1px + 2px)}"),
        ("p > a { color: red }", "p>a{color:red}"),
        ("li /* every */ a { b: c; }", "li a{b:c}"),
    ],
)
def test_only_what_means_nothing_is_taken_out(sheet, small):
    assert minified(sheet) == small


def test_without_collecting_browsers_follow_the_imports():
    imported = re.findall(r'@import "(\w+)\.css"', (SOURCE / "portal.css").read_text())

    assert imported == SHEETS


def article_of_350_words(language):
    """The article that `make bench` measures with, published."""
    words = make_bench_data.WORDS[language]
    return factories.publish(
        factories.ArticleFactory(
            language=language,
            title=words["title"].format(number=1, what=words["what"][0]),
            summary=make_bench_data.sentence(words, Random(1)),
            body=make_bench_data.body(words, Random(1), 1),
        )
    )


def weight(answer):
    """Bytes of an answer with its headers, as HTTP/1.1 sends it."""
    lines = [f"{name}: {value}\r\n" for name, value in answer.headers.items()]
    return len(answer.content) + len("".join(lines)) + len("HTTP/1.1 200 OK\r\n\r\n")


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.django_db
def test_an_article_is_complete_in_one_round_trip(visitor, practice, language):
    edition = article_of_350_words(language)
    page = visitor.get(edition.get_absolute_url())
    html = LexborHTMLParser(page.content)
    packed = visitor.get(edition.get_absolute_url(), HTTP_ACCEPT_ENCODING="br")
    links = [node.attrs["href"] for node in html.css("link[rel=stylesheet]")]
    kinds = {script.attrs.get("type") for script in html.css("script")}
    sheet = visitor.get(links[0], HTTP_ACCEPT_ENCODING="br")

    assert len(html.css_first(".prose").text().split()) > 350
    assert len(links) == 1
    assert kinds <= {"application/ld+json"}
    assert len(packed.content) <= 2_500
    assert weight(packed) + weight(sheet) <= 10_000 < ONE_ROUND_TRIP


def test_a_style_sheet_is_kept_for_ever(visitor, practice):
    name = staticfiles_storage.url(SHEET)
    answer = visitor.get(name, HTTP_ACCEPT_ENCODING="br")

    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert answer.headers["Content-Encoding"] == "br"


def test_templates_are_sent_without_their_indentation(visitor, practice):
    source = get_template("base.html").template.source

    assert "\n " not in source
    assert "\n\n" not in source


@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_no_template_has_words_that_indentation_belongs_to(path):
    text = (ROOT / path).read_text()

    assert not re.search(r"<(pre|textarea)\b", text)
    for sentence in re.findall(r"{% blocktrans.*?%}(.*?){% endblocktrans", text, re.S):
        assert "\n" not in sentence

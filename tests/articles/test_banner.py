"""The picture of a link: its size, its words, its colours, and when it is there."""

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from PIL import Image

from articles import banner
from clinic.models import Picture
from tests import factories
from tests.clinic.test_structured_data import MONDAY
from tests.conftest import upload
from tests.factories import both

PARTS = ("Metastasi epatiche: che cosa sono", "Il fegato", "Dr. Test", "Oncologia")


def painted(*words):
    image = Image.open(io.BytesIO(banner.banner(*words)))
    image.load()
    return image


def test_it_is_a_small_png_of_the_size_that_is_shown_whole():
    image = painted(*PARTS)

    assert (image.format, image.size) == ("PNG", (1200, 630))
    assert len(banner.banner(*PARTS)) < 40_000


def test_it_is_the_same_for_the_same_words():
    assert banner.banner(*PARTS) == banner.banner(*PARTS)
    assert banner.banner(*PARTS) != banner.banner("Other", *PARTS[1:])


def test_its_colours_are_those_of_the_pages():
    sheet = Path(settings.BASE_DIR, "static/css/tokens.css").read_text("utf-8")
    light = dict(re.findall(r"--([\w-]+): (#\w+);", sheet.partition("@media")[0]))

    assert {name: light[name] for name in banner.COLOURS} == banner.COLOURS


@pytest.mark.parametrize("letter", "àèéìíòóùúÀÈÉÌÒÙ’“”«»–…·°ßäöüÄÖÜ€ñç&<0")
def test_every_letter_of_its_languages_is_in_the_font(letter):
    for weight in ("", "Semibold"):
        one = banner.font(40, weight)
        unknown = one.getmask("\uffff")

        assert bytes(one.getmask(letter)) != bytes(unknown)


@pytest.mark.parametrize(
    "title",
    [
        "Fever",
        "Fever during chemotherapy: what to do now",
        "parole " * 17,
        "lettere" * 17,
        "Perché l’" + "immunochemioembolizzazione " * 4,
    ],
)
def test_a_title_of_any_length_stays_inside(title):
    one, lines = banner.fitting(title, 1040, 4, 84, 44, "Semibold", 290)

    assert 1 <= len(lines) <= 4
    assert max(one.getlength(line) for line in lines) <= 1040
    assert len(lines) * banner.leading(one) <= 290
    assert 44 <= one.size <= 84


def test_a_short_title_is_written_large_and_a_long_one_smaller():
    short, _ = banner.fitting("Fever", 1040, 4, 84, 44)
    long, lines = banner.fitting("parole " * 17, 1040, 4, 84, 44)

    assert short.size == 84 > long.size
    assert " ".join(lines) == ("parole " * 17).strip()


def test_what_does_not_fit_is_cut_with_an_ellipsis():
    _one, lines = banner.fitting("lettere" * 17, 1040, 4, 84, 44)

    assert lines == [lines[0]]
    assert lines[0].endswith("…")
    assert ("lettere" * 17).startswith(lines[0].removesuffix("…"))


def test_lines_are_of_much_the_same_length():
    title = "Metastasi epatiche: che cosa sono e come si possono curare"
    one, lines = banner.fitting(title, 1040, 4, 84, 44, "Semibold")

    widths = [one.getlength(line) for line in lines]
    assert min(widths) > max(widths) / 2


# At its address ###############################################################

LIVE = {"en": "/articles/x/banner.png", "it": "/it/articoli/x/banner.png"}


@pytest.fixture
def site(settings, db):
    settings.SITE_URL = "https://testserver"


def published(language="en", **fields):
    article = factories.ArticleFactory(language=language, slug="x", **fields)
    factories.publish(article)
    return article


def head(client, address):
    """What a page tells whoever links to it."""
    page = client.get(address).content.decode()
    told = re.findall(r'<meta (?:property|name)="(og:[^"]+)"', page)
    values = re.findall(r'<meta (?:property|name)="og:[^"]+" content="([^"]*)"', page)
    return dict(zip(told, values, strict=True))


@pytest.mark.parametrize("language", ["en", "it"])
def test_an_article_without_a_picture_has_one_with_its_title(
    client, site, practice, language
):
    article = published(language, title="Fever & co", topic__name=both("The liver"))
    topic = "The liver" if language == "en" else "The liver (it)"
    what = "Oncology, Rome" if language == "en" else "Oncology, Rome (it)"

    answer = client.get(LIVE[language])

    assert answer["Content-Type"] == "image/png"
    assert answer["Cache-Control"] == "public, no-cache"
    assert answer.content == banner.banner("Fever & co", topic, "Dr. Test", what)
    assert head(client, article.get_absolute_url()) == {
        "og:type": "article",
        "og:title": "Fever &amp; co",
        "og:image": f"https://testserver{LIVE[language]}",
    }


def test_an_article_with_a_picture_shows_that(client, site, practice):
    picture = Picture.objects.create_from_upload(upload())
    published(picture=picture, picture_alt="A liver")

    told = head(client, "/articles/x/")

    assert told["og:image"] == f"https://testserver{picture.src}"
    assert told["og:image:alt"] == "A liver"


@pytest.mark.parametrize("language", ["en", "it"])
def test_lists_and_pages_of_the_practice_show_the_practice(
    client, site, practice, language
):
    article = published(language, topic__slug="t")
    prefix = "" if language == "en" else "/it"
    topic = {"en": "/topics/t/", "it": "/it/argomenti/t/"}[language]
    contact = {"en": "/contact/", "it": "/it/contatti/"}[language]

    assert head(client, f"{prefix}/")["og:image"].endswith(f"{prefix}/banner.png")
    assert head(client, contact)["og:image"].endswith(f"{prefix}/banner.png")
    assert head(client, topic)["og:image"].endswith(f"{topic}banner.png")
    assert head(client, topic)["og:title"] == str(article.topic.name.localize(language))
    for address in (f"{prefix}/banner.png", f"{topic}banner.png"):
        assert client.get(address)["Content-Type"] == "image/png"


def test_of_what_readers_do_not_see_there_is_none(client, site):
    factories.ArticleFactory(slug="draft")
    planned = factories.ArticleFactory(slug="planned")
    factories.publish(planned, at=timezone.now() + timedelta(days=1))
    withdrawn = published()
    withdrawn.withdraw()

    for slug in ("draft", "planned", "x", "nothing"):
        assert client.get(f"/articles/{slug}/banner.png").status_code == 404


def test_the_edge_keeps_it_until_the_title_changes(visitor, site):
    article = published(title="Old")
    before = [visitor.get(LIVE["en"]).content for _ in range(2)]
    kept = len(visitor.rendered)

    article.title = "New"
    article.save()
    factories.publish(article)

    assert (kept, before[0]) == (1, before[1])
    assert visitor.get(LIVE["en"]).content != before[0]


def test_it_ends_with_the_article(visitor, site):
    with time_machine.travel(MONDAY):
        article = published()
        article.withdraw(at=timezone.now() + timedelta(hours=1))

        assert visitor.get(LIVE["en"]).status_code == 200
        entry = visitor.edge.edge.pages.get(LIVE["en"])

        assert entry.ends == article.editions.get().live_until.timestamp()


@pytest.mark.parametrize(
    "title",
    [
        "Colangiocarcinoma intraepatico",
        "Chemioembolizzazione transarteriosa",
        "Radiofrequency thermoablation",
        "Immunotherapy: cholangiocarcinoma",
        "Otorinolaringoiatria Gastroenterologia Elettroencefalografia",
        "x" * 200 + " " + "y" * 200,
    ],
)
def test_words_that_fill_a_line_each_come_to_an_end(title):
    assert painted(title, "Il fegato", "Dr. Test", "").size == banner.SIZE

"""Advice for whoever writes: what it says, to whom, and that it changes nothing."""

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils.translation import gettext, override
from reversion.models import Version

from articles.advice import Advice
from articles.markup import Glossary, hard_words
from articles.models import Article, Edition, Review, Source, Wording
from clinic.models import Picture, Practice
from clinic.pictures import render
from tests import factories
from tests.clinic.test_admin import fields, parsed, queries_of, save, somebody_who_may
from tests.clinic.test_roles import account, doctor_account, signed_in
from tests.conftest import upload

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/article/"
PAGE = f"{LIST}advice/"
LANGUAGES = ["en", "it"]

LONG = {
    "en": "We see you in the morning, and then we talk with you about what you have "
    "and what we can do for you, and what you want from us.",
    "it": "La mattina la riceviamo in studio, e poi parliamo con lei di che cosa ha e "
    "di che cosa possiamo fare per lei, e di che cosa vuole da noi.",
}
SHORT = {
    "en": "The scan takes ten minutes. You lie still on a bed. It does not hurt. We "
    "call you with the result. You can ask us what you like.",
    "it": "L’esame dura dieci minuti. Lei sta fermo su un lettino. Non fa male. La "
    "chiamiamo per il risultato. Può chiederci ciò che vuole.",
}


@pytest.fixture
def writer(db):
    return signed_in(account("writer"))


def advice(**content):
    """The advice on an article with that content."""
    return Advice.on(factories.ArticleFactory(**content))


def hints(**content):
    return {hint.sentence: hint.places for hint in advice(**content).hints}


def marks(article):
    return {mark.name: mark.is_there for mark in Advice.on(article).marks}


def a_picture():
    return Picture.objects.create_from(render(upload()), name="A picture")


def ask(client, **typed):
    return client.post(PAGE, typed)


# How it reads #################################################################


@pytest.mark.parametrize(
    ("language", "formula"), [("en", "Flesch"), ("it", "Gulpease")]
)
def test_readability_is_measured_by_the_formula_of_the_language(language, formula):
    found = advice(language=language, summary="", body=f"<p>{SHORT[language]}</p>")

    assert found.readability.formula == formula
    assert found.readability.grade == "EASY"
    assert found.grade == "easy to read"


def test_the_summary_is_read_as_well():
    body = f"<p>{SHORT['en']}</p>"

    with_summary = advice(summary="One more sentence.", body=body).readability
    without = advice(summary="", body=body).readability

    assert with_summary.words == without.words + 3
    assert with_summary.sentences == without.sentences + 1


def test_what_looks_like_a_tag_in_the_summary_is_read_as_text():
    found = advice(summary="If a <b or c> d & e.", body="<p>Words.</p>").readability

    assert found.words == 8


def test_too_little_text_has_no_grade():
    found = advice(summary="", body="<p>A few words.</p>")

    assert (found.readability.score, found.grade) == (None, "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("grade", "words"),
    [
        ("EASY", "easy to read"),
        ("FAIR", "readable, but shorter sentences would help"),
        ("HARD", "hard for many readers"),
        ("VERY_HARD", "very hard, even with a degree"),
        ("", ""),
    ],
)
def test_a_grade_is_told_in_the_language_of_the_desk(language, grade, words):
    found = advice()
    object.__setattr__(found.readability, "grade", grade)

    with override(language):
        told = found.grade
        expected = gettext(words) if words else ""

    assert told == expected


# Hints ########################################################################

# For each hint: its sentence, a text that has it, where, and one that does not.
HINTS = {
    "long sentence": (
        "Long sentences: two short ones are understood better.",
        {
            "en": (f"<p>{LONG['en']}</p>", [LONG["en"]], f"<p>{SHORT['en']}</p>"),
            "it": (f"<p>{LONG['it']}</p>", [LONG["it"]], f"<p>{SHORT['it']}</p>"),
        },
    ),
    "heading": (
        "Subheadings that stand before any heading:",
        {
            "en": ("<h3>Early</h3><h2>Late</h2>", ["Early"], "<h2>a</h2><h3>b</h3>"),
            "it": ("<h3>Prima</h3><h2>Poi</h2>", ["Prima"], "<h2>a</h2><h3>b</h3>"),
        },
    ),
    "link": (
        "Links that do not say where they lead:",
        {
            "en": (
                '<p><a href="/a/">click here</a></p>',
                ["click here"],
                '<p><a href="/a/">about fever</a></p>',
            ),
            "it": (
                '<p><a href="/a/">Clicchi qui</a></p>',
                ["Clicchi qui"],
                '<p><a href="/a/">la febbre</a></p>',
            ),
        },
    ),
    "number": (
        "Phone numbers typed by hand: insert ours from “Contact” in the editor, then "
        "they change by themselves.",
        {
            "en": (
                "<p>Call +39 331 958 4817 now.</p>",
                ["+39 331 958 4817"],
                '<p>Call <span data-contact="phone-1"></span> or 112.</p>',
            ),
            "it": (
                "<p>Chiami il 331 958 4817.</p>",
                ["331 958 4817"],
                '<p>Chiami <span data-contact="phone-1"></span> o il 112.</p>',
            ),
        },
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("hint", HINTS)
def test_a_hint_names_the_places_and_says_nothing_where_there_is_none(hint, language):
    sentence, examples = HINTS[hint]
    bad, places, good = examples[language]

    assert hints(language=language, body=bad) == {sentence: places}
    assert hints(language=language, body=good) == {}


@pytest.mark.parametrize("desk", LANGUAGES)
@pytest.mark.parametrize("hint", HINTS)
def test_a_hint_speaks_the_language_of_the_desk_whatever_that_of_the_text(hint, desk):
    sentence, examples = HINTS[hint]
    bad, places, _good = examples["it"]

    with override(desk):
        assert hints(language="it", body=bad) == {gettext(sentence): places}


def test_the_five_longest_sentences_are_named_the_longest_first():
    sentences = [f"{'word ' * number}end." for number in range(19, 30)]
    body = "".join(f"<p>{sentence}</p>" for sentence in sentences)

    [places] = hints(body=body).values()

    assert places == sentences[:-6:-1]


def test_ten_places_are_named_at_most():
    body = "".join(f"<h3>Early {number}</h3>" for number in range(12))

    [places] = hints(body=body).values()

    assert places == [f"Early {number}" for number in range(10)]


@pytest.mark.parametrize(
    ("described", "told"),
    [
        ({"picture_alt": ""}, True),
        ({"picture_alt": "  "}, True),
        ({"picture_alt": "A liver"}, False),
        ({"picture_decorative": True}, False),
    ],
)
def test_a_picture_without_a_description_is_told(described, told):
    found = hints(picture=a_picture(), **described)

    sentence = "The picture has no description for people who cannot see it."
    assert found == ({sentence: [""]} if told else {})


def test_where_there_is_no_picture_nothing_is_missing_of_it():
    assert hints(picture=None, picture_alt="") == {}


# Wordings #####################################################################


@pytest.fixture
def wording(db):
    """One wording to avoid in each language, and nothing else."""
    Wording.objects.all().delete()
    Wording.objects.create(language="en", phrase="miracle*", reason="Plays on hope.")
    Wording.objects.create(language="it", phrase="miracol*", reason="Suggestiona.")


@pytest.mark.parametrize(
    ("language", "text", "reason"),
    [
        ("en", "It is a Miracle.", "Plays on hope."),
        ("en", "MIRACLES happen.", "Plays on hope."),
        ("it", "È un miracolo.", "Suggestiona."),
    ],
)
def test_a_wording_to_avoid_is_told_with_its_reason(wording, language, text, reason):
    body = f"<p>Before that. {text} After that.</p>"

    assert hints(language=language, body=body) == {reason: [text]}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "È un miracolo."),
        ("it", "It is a miracle."),
        ("en", "It is no mira cle."),
        ("en", "An unmiraculous cure."),
    ],
)
def test_what_is_no_such_wording_is_not_told(wording, language, text):
    assert hints(language=language, body=f"<p>{text}</p>") == {}


@pytest.mark.parametrize("field", ["title", "summary", "picture_caption"])
def test_wordings_are_looked_for_outside_of_the_text_as_well(wording, field):
    assert hints(**{field: "A miracle"}) == {"Plays on hope.": ["A miracle"]}


def test_a_wording_is_told_once_where_it_stands_first(wording):
    body = "<p>One miracle.</p><p>Another miracle.</p>"

    assert hints(body=body) == {"Plays on hope.": ["One miracle."]}


def test_without_wordings_nothing_is_told():
    Wording.objects.all().delete()

    assert hints(body="<p>A miracle with guaranteed cure.</p>") == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wording_that_the_portal_comes_with_is_found_in_a_text(language):
    """Each as it would be written, the stars being endings."""
    wordings = Wording.objects.filter(language=language)
    body = "".join(f"<p>{row.phrase.replace('*', 'x')}.</p>" for row in wordings)

    found = hints(language=language, body=body)

    assert set(wordings.values_list("reason", flat=True)) <= set(found)
    assert wordings.count() > 20


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "No doctor can say that you will be well again. Every treatment has "
         "risks. Ask us what they are."),
        ("it", "Nessuno può dire se guarirà. Ogni cura ha dei rischi. Ci chieda quali "
         "sono. La prima visita costa cento euro."),
    ],
)  # fmt: skip
def test_plain_words_are_not_found_fault_with(language, text):
    assert hints(language=language, body=f"<p>{text}</p>") == {}


def test_the_practice_edits_the_wordings():
    client = signed_in(account("manager"))
    add = "/admin/articles/wording/add/"
    typed = {"language": "it", "phrase": "numero uno", "reason": "È un vanto."}

    save(client, add, **typed)
    row = Wording.objects.get(phrase="numero uno")
    found = hints(language="it", body="<p>Il numero uno.</p>")
    save(client, f"/admin/articles/wording/{row.pk}/change/", reason="Un altro motivo.")
    changed = hints(language="it", body="<p>Il numero uno.</p>")
    client.post(f"/admin/articles/wording/{row.pk}/delete/", {"post": "yes"})

    assert found == {"È un vanto.": ["Il numero uno."]}
    assert changed == {"Un altro motivo.": ["Il numero uno."]}
    assert hints(language="it", body="<p>Il numero uno.</p>") == {}


def test_a_wording_stands_once_in_a_language():
    Wording.objects.create(language="en", phrase="number one", reason="A boast.")
    Wording.objects.create(language="it", phrase="number one", reason="Un vanto.")

    with pytest.raises(ValidationError):
        Wording(language="en", phrase="number one", reason="x").full_clean()


@pytest.mark.parametrize(
    ("role", "status"),
    [(None, 403), ("writer", 403), ("reviewer", 200), ("manager", 200)],
)
def test_wordings_are_changed_by_reviewers_and_managers(role, status):
    client = signed_in(account(role))

    assert client.get("/admin/articles/wording/add/").status_code == status


def test_a_writer_reads_the_wordings(writer):
    assert writer.get("/admin/articles/wording/").status_code == 200


@pytest.mark.parametrize("phrase", ["*", "(", "[a-", "\\", "a" * 100, " ", "%", ".*"])
def test_no_phrase_breaks_the_advice(writer, phrase):
    Wording.objects.create(language="en", phrase=phrase, reason="A reason.")

    response = ask(writer, language="en", body="<p>Words ( [a- \\ 100% .* here.</p>")

    assert response.status_code == 200


# Facts of trust ###############################################################

NONE_THERE = {
    "Author with credentials": False,
    "Reviewed by a doctor": False,
    "Sources": False,
    "Dates": False,
    "Interests": False,
}


def test_of_a_bare_draft_every_fact_is_missing():
    found = Advice.on(factories.ArticleFactory(author=None))

    assert {mark.name: mark.is_there for mark in found.marks} == NONE_THERE
    assert found.found == 0
    assert all(mark.wanted for mark in found.marks)


def there(name):
    return NONE_THERE | {name: True}


@pytest.mark.parametrize(
    ("doctor", "told"),
    [
        ({}, False),
        ({"registration_number": "RM 1"}, True),
        ({"degree": factories.both("University of Rome")}, True),
    ],
)
def test_an_author_has_a_degree_or_a_register(doctor, told):
    article = factories.ArticleFactory(author=factories.DoctorFactory(**doctor))

    assert marks(article) == NONE_THERE | {"Author with credentials": told}


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        ([], False),
        ([{"url": "https://example.org"}], True),
        ([{"doi": "10.1234/x"}], True),
        ([{"pmid": "1"}], True),
        ([{}], False),
        ([{"pmid": "1"}, {}], False),
    ],
)
def test_sources_are_there_if_each_can_be_found(sources, told):
    article = factories.ArticleFactory()
    for source in sources:
        factories.SourceFactory(article=article, **{"url": ""} | source)

    assert marks(article) == NONE_THERE | {"Sources": told}


def test_a_signature_is_a_review():
    article = factories.ArticleFactory()
    factories.sign(article)

    assert marks(article) == there("Reviewed by a doctor")


def test_what_readers_see_reviewed_has_dates_too():
    article = factories.publish(factories.ArticleFactory()).article
    article.title = "Written since"
    article.written(account("writer"))

    assert marks(article) == there("Reviewed by a doctor") | {"Dates": True}


def test_what_was_published_unreviewed_has_at_most_a_date():
    article = factories.ArticleFactory()
    article.publish_unreviewed()
    without = marks(article)
    Article.objects.update(first_review_date="2027-01-01")

    assert without == NONE_THERE
    assert marks(Article.objects.get()) == there("Dates")


def test_what_a_review_found_wrong_is_not_reviewed():
    article = factories.ArticleFactory()
    article.publish_unreviewed()
    article.review(by=doctor_account(), outcome="CHANGES", note="Wrong.")

    assert marks(article)["Reviewed by a doctor"] is False


def test_what_was_withdrawn_has_neither_review_nor_dates():
    article = factories.publish(factories.ArticleFactory()).article
    article.withdraw()

    assert marks(article) == NONE_THERE


def test_interests_are_those_of_the_article_or_of_the_practice():
    article = factories.ArticleFactory(disclosure="None.")
    of_article = marks(article)
    article.disclosure = " "
    Practice.objects.update(disclosure=factories.both("The practice pays."))

    assert of_article == there("Interests")
    assert marks(article) == there("Interests")


@pytest.mark.parametrize("language", LANGUAGES)
def test_facts_are_named_in_the_language_of_the_desk(language):
    article = factories.ArticleFactory()

    with override(language):
        assert list(marks(article)) == [gettext(name) for name in NONE_THERE]


# The page that answers while one types ########################################


def told(response):
    """The advice of a page, in one line without superfluous spaces."""
    return in_one_line(parsed(response))


def in_one_line(node):
    return " ".join(node.text(separator=" ").split())


def everything():
    return [
        list(model.objects.order_by("pk").values())
        for model in (Article, Edition, Review, Source, Version, Wording, Practice)
    ]


def test_what_is_typed_is_advised_on_and_not_what_is_saved(writer):
    article = factories.ArticleFactory(body="<h3>Saved</h3>")

    response = ask(
        writer, article=article.pk, language="en", body="<h3>Typed</h3><h2>a</h2>"
    )

    assert "Typed" in told(response)
    assert "Saved" not in told(response)


@pytest.mark.parametrize("signs", [False, True])
def test_the_untouched_form_is_advised_on_like_what_is_saved(writer, signs):
    article = factories.ArticleFactory(
        title="A miracle",
        summary=LONG["en"],
        body=f"<h3>Early</h3><p>{SHORT['en']} {LONG['en']}</p>"
        '<p><a href="/a/">here</a> 331 958 4817</p>',
        author=factories.DoctorFactory(registration_number="RM 1"),
        picture=a_picture(),
        picture_decorative=signs,
        disclosure="None.",
    )
    factories.SourceFactory(article=article)
    if signs:
        factories.sign(article)
    page = writer.get(f"{LIST}{article.pk}/change/")
    typed = fields(page)

    response = ask(writer, **typed | {"article": str(article.pk)})

    assert told(response) == in_one_line(parsed(page).css_first("#advice"))
    assert Advice.on(article) == Advice.of_typed(typed | {"article": article.pk})


def test_a_new_article_is_advised_on(writer):
    response = ask(writer, article="new", language="en", body=f"<p>{LONG['en']}</p>")

    assert "Long sentences" in told(response)
    assert "0 of 5" in told(response)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_the_language_of_the_desk(writer, language):
    writer.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    with override(language):
        words = [
            gettext("How it reads"),
            gettext("Too few words to measure."),
            gettext("Subheadings that stand before any heading:"),
            gettext("Author with credentials"),
        ]

    response = ask(writer, language="it", body="<h3>Prima</h3>")

    assert [word for word in words if word not in told(response)] == []


def test_the_score_is_announced_and_shown_as_a_meter(writer):
    response = ask(writer, language="en", body=f"<p>{SHORT['en']}</p>")

    page = parsed(response)
    meters = page.css("meter")
    assert page.css_first("[role=status]").text().startswith("Flesch ")
    assert [bool(meter.attributes["aria-label"]) for meter in meters] == [True, True]
    assert 60 <= float(meters[0].attributes["value"]) <= 121


def test_picture_author_and_sources_are_taken_as_typed(writer):
    doctor = factories.DoctorFactory(degree=factories.both("Rome"))
    typed = {
        "language": "en",
        "author": str(doctor.pk),
        "picture": str(a_picture().pk),
        "picture_alt": "",
        "sources-0-title": "A page",
        "sources-0-pmid": "1",
    }

    with_all = told(ask(writer, **typed))
    described = told(ask(writer, **typed | {"picture_decorative": "on"}))
    deleted = told(ask(writer, **typed | {"sources-0-DELETE": "on"}))

    assert "Author with credentials: there Reviewed" in with_all
    assert "Sources: there Dates" in with_all
    assert "The picture has no description" in with_all
    assert "The picture has no description" not in described
    assert "Sources: missing" in deleted


def test_rows_that_nobody_has_filled_in_are_no_sources(writer):
    rows = {f"sources-{n}-{name}": " " for n in "01" for name in ("title", "url")}
    rows |= {"sources-TOTAL_FORMS": "2", "sources-__prefix__-title": "x"}

    assert "Sources: missing" in told(ask(writer, language="en", **rows))


EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize("field", ["title", "summary", "body", "picture_caption"])
def test_no_typed_word_becomes_markup(writer, field):
    evil = f"A miracle {EVIL}" if field != "body" else f"<p>A miracle</p>{EVIL}"

    response = ask(writer, language="en", **{field: evil})

    assert "miracle" in response.text
    assert EVIL not in response.text


HOSTILE = {
    "nothing at all": {},
    "a language that is none": {"language": "xx", "body": "<p>A miracle.</p>"},
    "a language with NUL": {"language": "e\0n"},
    "NUL everywhere": dict.fromkeys(
        ["article", "language", "title", "summary", "body", "author", "picture"], "\0"
    ),
    "keys that are none": {"article": "x", "author": "-1", "picture": "1e9"},
    "keys of nothing": {"article": "999", "author": "999", "picture": "999"},
    "keys too large": {"article": "9" * 30, "author": "9" * 30, "picture": "9" * 30},
    "keys just small enough": dict.fromkeys(["article", "author", "picture"], "9" * 18),
    "digits of another script": {"article": "１", "author": "٣", "picture": "²"},
    "several values": {"body": ["<p>a</p>", "<p>b</p>"], "language": ["en", "it"]},
    "fields of nothing": {"state": "SIGNED", "sources": "x", "__class__": "x"},
    "sources with odd numbers": {
        "sources--1-title": "x", "sources-9999-title": "x", "sources-٣-title": "x",
    },
    "half a tag": {"body": "<p", "summary": "<", "title": "&#" + "9" * 5000 + ";"},
    "surrogates": {"title": "a\ufffe\uffff", "body": "<p>\u202e\u0301\u200d</p>"},
    "2 MB of words": {"body": "word " * 400_000, "language": "it"},
    "2 MB of tags": {"body": "<h3>a</h3>" * 200_000, "language": "en"},
    "signs that grow": {"body": "<" * 100_000, "language": "en"},
    "2 MB of title": {"title": "a" * 2_000_000, "language": "en"},
    "2 MB of NUL": {"body": "\0" * 2_000_000, "language": "en"},
}  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE.values(), ids=HOSTILE)
def test_whatever_is_sent_is_answered_and_changes_nothing(writer, typed):
    factories.SourceFactory()
    before = everything()

    response = ask(writer, **typed)

    assert response.status_code == 200
    assert "Why readers can trust it: 0 of 5" in told(response)
    assert everything() == before


def test_more_than_the_desk_takes_is_refused(writer, settings):
    body = "a" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)

    assert ask(writer, body=body).status_code == 400


def test_a_file_in_place_of_text_is_ignored(writer):
    response = ask(writer, language="en", body=upload())

    assert response.status_code == 200


def test_advising_changes_nothing_of_the_article(writer):
    article = factories.SourceFactory().article
    factories.publish(article)
    before = everything()

    ask(
        writer,
        article=article.pk,
        language="it",
        title="Other",
        body="<p>Other.</p>",
        state="DRAFT",
        **{"sources-0-DELETE": "on", "_continue": "1"},
    )

    assert everything() == before


# Who may ask ##################################################################


def test_visitors_are_sent_to_the_door(client):
    response = ask(client, body="<p>Words.</p>")

    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        ([], 403),
        (["view_article"], 403),
        (["publish_article", "sign_article"], 403),
        (["add_article"], 200),
        (["change_article"], 200),
    ],
)
def test_advice_is_for_whoever_writes(permissions, status):
    assert ask(somebody_who_may(*permissions)).status_code == status


@pytest.mark.parametrize(
    ("role", "status"), [("writer", 200), ("reviewer", 200), ("manager", 403)]
)
def test_roles_that_write_are_advised(role, status):
    assert ask(signed_in(account(role))).status_code == status


@pytest.mark.parametrize(
    ("verb", "allowed"),
    [("get", "POST"), ("head", "POST")]
    # Of these the desk knows none, whatever the page.
    + [(verb, "GET, HEAD, POST") for verb in ("put", "delete", "patch", "options")],
)
def test_the_page_is_only_asked_by_post(writer, verb, allowed):
    response = getattr(writer, verb)(PAGE)

    assert (response.status_code, response["Allow"]) == (405, allowed)


def test_another_site_cannot_ask():
    client = Client(enforce_csrf_checks=True)
    client.force_login(account("writer"))

    assert ask(client, body="<p>Words.</p>").status_code == 403


def test_the_answer_is_kept_nowhere(writer):
    response = ask(writer, body="<p>Words.</p>")

    assert "no-store" in response["Cache-Control"]


# In the form and in the preview ###############################################


def test_the_form_shows_the_advice_on_what_is_saved(writer):
    article = factories.ArticleFactory(body="<h3>Early</h3>")

    page = parsed(writer.get(f"{LIST}{article.pk}/change/"))

    shown = page.css_first("aside#advice")
    assert shown.attributes["data-address"] == PAGE
    assert "Early" in shown.text()


def test_the_form_of_a_new_article_says_what_will_stand_there(writer):
    page = parsed(writer.get(f"{LIST}add/"))

    shown = " ".join(page.css_first("aside#advice").text().split())
    assert shown == (
        "How it reads While you write, this says how easy it is to read and what is "
        "still missing."
    )


def test_the_preview_shows_the_advice(writer):
    article = factories.ArticleFactory(body="<h3>Early</h3>")

    page = writer.get(f"{LIST}{article.pk}/preview/")

    assert "Subheadings that stand before any heading:" in page.text


def test_readers_find_no_advice(client):
    article = factories.publish(factories.ArticleFactory(body="<h3>Early</h3>")).article

    page = client.get(article.get_absolute_url()).text

    assert "Subheadings that stand before any heading:" not in page


def test_advice_blocks_nothing():
    article = factories.ArticleFactory(
        title="A miracle", body=f"<h3>a</h3><p>{LONG['en']} 331 958 4817</p>"
    )

    assert len(Advice.on(article).hints) == 4
    assert article.problems() == []


def test_the_form_asks_as_often_for_many_wordings_as_for_one(writer):
    article = factories.ArticleFactory()
    address = f"{LIST}{article.pk}/change/"
    Wording.objects.exclude(pk=Wording.objects.first().pk).delete()
    one = queries_of(writer, address)
    for number in range(30):
        Wording.objects.create(language="en", phrase=f"phrase {number}", reason="x")

    assert queries_of(writer, address) == one


# Words that are explained #####################################################


def test_writers_see_which_words_are_explained_and_which_are_not(writer, practice):
    factories.entry(name="biopsy")
    factories.TermFactory(name="neutropenia")

    answer = ask(
        writer,
        language="en",
        body="<h2>Thermoablation</h2><p>Biopsies, neutropenia, a metastasectomy.</p>",
    )

    page = parsed(answer)
    text = " ".join(page.text().split())
    assert "Explained where they first stand: biopsy." in text
    assert "no doctor has checked them: neutropenia." in text
    links = page.css(".advice__words a")
    assert [link.attributes["href"] for link in links] == [
        "/admin/articles/term/add/?language=en&name=Thermoablation",
        "/admin/articles/term/add/?language=en&name=metastasectomy",
    ]
    form = fields(writer.get(links[0].attributes["href"]))
    assert (form["name"], form["slug"]) == ("Thermoablation", "thermoablation")


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "en",
            "We carefully understand everything about chemotherapy.",
            ["chemotherapy"],
        ),
        ("en", "Colonoscopies, a colonoscopy and an anaemia.", ["Colonoscopies"]),
        ("it", "Naturalmente la splenomegalia e l’anemia.", ["splenomegalia"]),
        ("it", "Un’endoscopia, due endoscopie.", ["endoscopia"]),
        ("", "Pneumonoultramicroscopic", ["Pneumonoultramicroscopic"]),
    ],
)
def test_hard_words_are_long_or_end_as_medical_words_do(language, text, expected):
    assert hard_words(text, Glossary(language, [])) == expected


def test_a_text_of_easy_words_says_nothing_of_medical_ones(writer, practice):
    answer = ask(writer, language="en", body="<p>We see you.</p>")

    assert "Medical words" not in answer.text

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from articles.models import Synonym
from articles.search import finding
from articles.search.finding import MOST, PER_PAGE, find
from tests import factories
from tests.articles.search.conftest import titles

pytestmark = pytest.mark.django_db


def test_the_title_comes_before_names_and_names_before_the_text(article):
    article("In the text", body="<p>About the spleen.</p>")
    article("By its name", key_phrases="spleen")
    article("The spleen")

    assert titles("spleen") == ["The spleen", "By its name", "In the text"]


def test_only_pages_with_all_words_are_found(article):
    article("Liver and spleen")
    article("The liver")

    assert titles("spleen liver") == ["Liver and spleen"]


def test_words_may_stand_in_title_and_text(article):
    article("The liver", body="<p>And the spleen.</p>")

    assert titles("liver spleen") == ["The liver"]


def test_if_no_page_has_all_those_with_most_are_found(article):
    article("The liver and its veins")
    article("The liver")

    results = find("liver veins zebra", "en")

    assert results.is_partial
    assert [hit.edition.title for hit in results.hits(1)] == [
        "The liver and its veins",
        "The liver",
    ]


def test_a_phrase_is_found_as_it_stands(article):
    article("A first visit")
    article("Visit your first doctor")

    assert titles('"first visit"') == ["A first visit"]
    assert len(titles("first visit")) == 2


def test_each_language_has_its_own_results(article):
    article("Radiologia", language="it")
    article("Radiologia in English")

    assert titles("radiologia", "it") == ["Radiologia"]
    assert titles("radiologia", "en") == ["Radiologia in English"]


def test_the_beginning_of_a_word_is_enough(article):
    article("Chemotherapy at home")

    assert titles("chemo") == ["Chemotherapy at home"]
    assert titles("chem") == ["Chemotherapy at home"]
    assert titles("che") == []


def test_equally_good_pages_come_newest_first(article):
    article("Spleen")
    article("Spleen", slug="again")

    first, second = find("spleen", "en").hits(1)

    assert first.edition.pk > second.edition.pk


# Codes #######################################################################


@pytest.mark.parametrize(
    ("title", "texts"),
    [
        ("HER2-positive breast cancer", ["HER-2", "her2", "HER 2", "her 2", "HER‑2"]),
        ("What HER-2 tells", ["HER2", "her-2", "her 2"]),
        ("Tumour markers: CA 125 and PSA", ["CA125", "ca-125", "ca 125", '"CA125"']),
        ("Ca 19.9 and Ca 15.3", ["CA19-9", "CA 19-9", "ca199", "ca15-3"]),
        ("BRCA1 mutations", ["BRCA-1", "brca 1", "BRCA 1 mutation", '"BRCA-1"']),
        ("PD-L1 tests", ["PDL1", "pd-l1", "PD L1"]),
        ("Vaccines for COVID-19", ["covid19", "COVID 19 vaccine"]),
        ("T.A.C. of the chest", ["TAC", "t.a.c.", "T.A.C", "tac chest"]),
        ("ALL in children", ["ALL", "all"]),
    ],
)
def test_a_code_is_found_however_it_is_parted(article, title, texts):
    article("After surgery", body="<h2>When</h2><p>In 2 weeks, her nurse calls all.")
    article(title)

    for text in texts:
        results = find(text, "en")
        (first, *_others) = results.hits(1)
        assert (first.edition.title, results.is_partial) == (title, False), text


def test_a_hyphen_before_a_number_is_no_word_with_a_number_alone(article):
    article("After surgery", body="<p>In 2 weeks.</p>")

    assert titles("HER-2") == []
    assert suggestion("HER-2") == ""


def test_a_number_behind_a_word_stays_a_number(article):
    article("Fever", body="<p>Day 2 of grade 3. Wait for weeks: 2 of them.</p>")
    article("Il 2 giugno", language="it")

    for text in ("in 2 weeks", "IN 2 WEEKS", "at 3", "grade-3 fever", "fever day 3"):
        assert titles(text) == ["Fever"], text
    assert titles("il 2 giugno", "it") == ["Il 2 giugno"]
    assert titles("IL-2", "it") == []


def test_a_code_is_marked_however_it_is_parted(article):
    article("CA 125, CA125 and ca 15", summary="HER-2 and her 2 children.")

    assert marks("ca125") == ["CA 125", "CA125"]
    assert marks("her2") == ["HER-2"]
    assert marks("CA 15") == ["CA", "ca", "15"]


def marks(text):
    (hit,) = find(text, "en").hits(1)
    return [piece.text for piece in (*hit.title, *hit.text) if piece.is_marked]


def test_a_term_that_is_a_code_is_found_however_it_is_parted(db):
    for name in ("CA 125", "HER2"):
        factories.TermFactory(name=name).check_definition(
            by=factories.ReviewerFactory()
        )

    assert named("ca125") == [("Word explained", "CA 125")]
    assert named("HER-2") == [("Word explained", "HER2")]


def test_a_synonym_that_is_a_code_is_used_however_it_is_parted(article):
    article("Receptors of growth factors")
    Synonym.objects.create(words="HER-2", means="growth factors")
    Synonym.objects.create(words="CA 125", means="receptors")

    for text in ("HER2", "HER-2", "CA 125", "CA-125"):
        assert titles(text) == ["Receptors of growth factors"], text


def test_what_an_apostrophe_leaves_says_nothing(article, practice):
    article("Loss of appetite")

    for text in ("I don't have appetite", "I’ve no appetite", "it isn't appetite"):
        results = find(text, "en")
        assert (results.count, results.is_partial) == (1, False), text
    for text in ("dov'è il parcheggio", "quand’è aperto", "com'è il parcheggio"):
        assert [url for _kind, url in pages(text, "it")] == ["/it/contatti/"], text


def pages(text, language):
    with translation.override(language):
        return [(page.kind, page.url) for page in find(text, language).named]


# Synonyms ####################################################################


def test_readers_words_find_what_pages_say_instead(article):
    article("Liver metastases")
    Synonym.objects.create(words="tumour of the liver", means="liver metastases")

    assert find("liver tumours", "en").is_partial
    assert titles("tumours of the liver") == ["Liver metastases"]
    assert titles("a tumor, liver") == ["Liver metastases"]


def test_what_was_typed_comes_before_what_it_means(article):
    article("Liver metastases")
    article("The grapefruit tumour")
    Synonym.objects.create(words="tumour", means="metastases")

    assert titles("tumour") == ["The grapefruit tumour", "Liver metastases"]


def test_a_synonym_is_used_within_a_longer_query(article):
    article("Liver metastases and pain")
    article("Pain")
    Synonym.objects.create(words="spots", means="metastases")

    assert titles("pain from spots in the liver") == ["Liver metastases and pain"]


def test_a_word_may_have_several_meanings(article):
    for means in ("carcinoma", "neoplasm", "sarcoma", "metastases"):
        Synonym.objects.create(words="spots", means=means)
    article("Liver metastases")

    assert titles("spots") == ["Liver metastases"]


def test_synonyms_belong_to_a_language(article):
    article("Metastasi", language="it")
    Synonym.objects.create(language="en", words="macchie", means="metastasi")

    assert titles("macchie", "it") == []


# Spelling ####################################################################


def suggestion(text, language="en"):
    return find(text, language).suggestion


def test_a_slip_is_corrected_and_the_pages_shown(article):
    article("Liver metastases")

    results = find("livr metastses", "en")

    assert results.count == 0
    assert results.suggestion == "liver metastases"
    assert [hit.edition.title for hit in results.instead.hits(1)] == [
        "Liver metastases"
    ]


@pytest.mark.parametrize(
    "slip",
    ["chemoterapy", "chemotehrapy", "hemotherapy", "chemotheraphy", "kemotherapy"],
)
def test_every_kind_of_slip_is_understood(article, slip):
    article("Chemotherapy")

    assert suggestion(slip) == "chemotherapy"


def test_only_the_wrong_word_is_changed(article):
    article("Pain in the liver")

    assert suggestion("“Pain” and livver!") == '"Pain" and liver!'


def test_what_is_found_needs_no_suggestion(article):
    article("Pain")
    article("Paint")

    assert suggestion("pain") == ""


def test_nothing_is_near_to_nonsense_or_to_short_words(article):
    article("Pain and CT")

    assert suggestion("xqzvw") == ""
    assert suggestion("cx") == ""


def test_of_equally_near_words_the_one_in_names_is_meant(article):
    article("The liver", body="<p>People live longer.</p>")
    article("People", body="<p>They live longer.</p>")

    assert suggestion("livr") == "liver"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("capelli", "capsule"), ("morire", "modo"), ("ricetta", "ripeta"),
        ("stanco", "sano"), ("tosse", "fosse"),
    ],
)  # fmt: skip
def test_who_has_typed_a_word_rightly_is_not_told_of_another(article, text, near):
    article("Milza", body=f"<p>{near}</p>", language="it")

    results = find(text, "it")

    assert (results.suggestion, results.count) == ("", 0)
    assert results.in_vain == text


def test_what_sounds_alike_is_understood(article):
    article("Morphine")

    assert suggestion("morfine") == "morphine"


def test_a_misprint_that_readers_see_no_longer_hides_no_suggestion(article):
    article("Ablation")
    article("Ablatiom").withdraw()

    assert suggestion("ablatiom") == "ablation"
    assert suggestion("ablatiomn") == "ablation"


def test_no_word_is_suggested_that_leads_to_nothing(article):
    article("Embolisation").withdraw()

    assert suggestion("embolisatin") == ""


# Pages that are no articles ##################################################


def named(text, language="en"):
    return [(page.kind, page.name) for page in find(text, language).named]


def test_a_topic_is_found_by_its_name_if_there_is_something_to_read(article):
    topic = factories.TopicFactory(name=factories.both("Treatments"))
    assert named("treatment") == []

    article("Surgery", topic=topic)

    assert named("treatment") == [("Topic", "Treatments")]


def test_a_term_of_the_glossary_is_found_by_every_name_once_it_is_checked(db):
    term = factories.TermFactory(name="neutropenia", synonyms="low white cells")
    assert named("neutropenic") == []

    term.check_definition(by=factories.ReviewerFactory())

    assert named("neutropenic") == [("Word explained", "neutropenia")]
    (page,) = find("white cells", "en").named
    assert (page.url, page.text) == ("/glossary/#neutropenia", "What it means.")


def test_the_doctor_is_found_by_name_and_by_what_he_is(practice):
    doctor = factories.DoctorFactory(first_name="Carlo", last_name="Pastore")

    assert ("Doctor", str(doctor)) in named("pastore")
    assert named("carlo pastore oncologist") == [("Doctor", str(doctor))]


@pytest.mark.parametrize(
    "text", ["phone", "telephone number", "opening hours", "the address", "e-mail"]
)
def test_the_contacts_are_found_by_what_people_call_them(practice, text):
    (contact,) = find(text, "en").named

    assert contact.url == "/contact/"
    assert contact.has_numbers


def test_a_name_that_is_misspelt_is_understood(practice):
    factories.DoctorFactory(first_name="Carlo", last_name="Pastore")

    assert suggestion("dr pastroe") == "dr pastore"


# Bounds ######################################################################


def test_what_has_ended_or_is_planned_takes_no_place_of_what_is_read(
    article, monkeypatch
):
    monkeypatch.setattr(finding, "MOST", 2)
    article("Spleen 0")
    for number in range(1, 4):
        article(f"Spleen {number}").withdraw()
    for number in range(4, 7):
        article(f"Spleen {number}", at=timezone.now() + timedelta(days=1))

    assert titles("spleen") == ["Spleen 0"]


def test_words_that_say_nothing_are_no_beginnings_of_others(article):
    article("Spleen", body="<p>Therefore, wherever it is.</p>")

    assert titles("how to get there") == []


def test_words_that_say_nothing_find_no_page_with_some_and_are_not_counted(article):
    article("Spleen", body="<p>Whoever gets it.</p>")

    results = find("how to get there", "en")

    assert (results.count, results.in_vain) == (0, "")
    assert find("get spleen whoever lung", "en").is_partial


def test_what_comes_along_when_a_word_is_copied_parts_no_word(article):
    article("Spleen", body="<p>Em\u00adbo\u00adli\u00adsa\u00adtion</p>")

    for text in ("embolisation", "embo\u00adlisation", "\u200bembolisation\ufeff"):
        assert titles(text) == ["Spleen"], ascii(text)


def test_no_more_is_looked_at_than_a_bounded_number(db):
    topic, doctor = factories.TopicFactory(), factories.DoctorFactory()
    reviewer = factories.ReviewerFactory(doctor=doctor)
    for number in range(MOST + 5):
        made = factories.ArticleFactory(
            title=f"Spleen {number}", topic=topic, author=doctor
        )
        factories.publish(made, by=reviewer)

    results = find("spleen", "en")

    assert len(results.keys) == MOST
    assert results.is_cut
    assert results.pages == MOST // PER_PAGE
    assert len(results.hits(10)) == PER_PAGE
    assert results.hits(11) == []


def test_the_number_of_queries_does_not_grow_with_the_results(article):
    def queries(text):
        with CaptureQueriesContext(
            connection,
        ) as context:
            find(text, "en").hits(1)
        return len(context)

    article("Spleen")
    one = queries("spleen")
    for number in range(5):
        article(f"Spleen {number}")

    assert queries("spleen") == one


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(max_size=200) | st.text("\"'()*:^-~|&!<>\\% aliver\x00è", max_size=150))
def test_no_text_is_an_error(site, text):
    for language in ("en", "it"):
        results = find(text, language)
        results.hits(1)


@pytest.fixture
def site(article):
    article("The liver", body="<p>Pain.</p>")
    article("Il fegato", language="it")

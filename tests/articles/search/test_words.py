import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.search.words import fold, stem, stems_of, words_in, words_of
from clinic.accents import composed

# Each line holds forms of one word, or words that readers take for one.
FAMILIES = {
    "it": [
        "metastasi metastatico metastatica metastatici metastatiche",
        "fegato fegati",
        "epatico epatica epatici epatiche",
        "diagnosi diagnostico diagnostica",
        "tumore tumori tumorale tumorali",
        "chirurgo chirurghi chirurgia chirurgico",
        "oncologo oncologa oncologia oncologici",
        "chemioterapia chemioterapico chemioterapici",
        "cirrosi cirrotico",
        "artrite artriti artritico",
        "città citta CITTÀ",
    ],
    "en": [
        "metastasis metastases metastatic",
        "liver livers Liver",
        "diagnosis diagnoses diagnostic diagnosed",
        "tumour tumor tumours tumors",
        "biopsy biopsies",
        "cirrhosis cirrhotic",
        "arthritis arthritic",
        "oedema edema",
        "leukaemia leukemic",
        "haemoglobin hemoglobin",
        "oncology oncologist oncologists",
        "naïve naive",
    ],
}


@pytest.mark.parametrize(
    ("language", "forms"),
    [(language, forms) for language in FAMILIES for forms in FAMILIES[language]],
)
def test_forms_of_a_word_have_one_stem(language, forms):
    stems = {stem(word, language) for word in words_of(forms)}

    assert len(stems) == 1


@pytest.mark.parametrize("language", FAMILIES)
def test_words_of_another_kind_have_another_stem(language):
    stems = [stem(words_of(forms)[0], language) for forms in FAMILIES[language]]

    assert len(stems) == len(set(stems))


def test_articles_and_prepositions_are_left_out():
    assert stems_of("Le metastasi dell’osso e del fegato", "it") == stems_of(
        "metastasi osso fegato", "it"
    )
    assert stems_of("What to do about the pain", "en") == stems_of("pain", "en")


def test_a_language_without_a_stemmer_keeps_its_words():
    assert stems_of("Slovo slova", "bg") == ["slovo", "slova"]


def test_a_regional_language_is_stemmed_like_its_parent():
    assert stem("lebern", "de-at") == stem("lebern", "de")


def test_numbers_stay_as_they_are():
    assert stems_of("112 B12 116117", "en") == ["112", "b12", "116117"]


@given(st.text() | st.text("ae\u0300\u0301\u0327ßİǆ", max_size=50))
def test_folding_keeps_every_place(text):
    whole = composed(text)

    assert len(fold(text)) == len(whole)
    for word in words_in(text):
        assert fold(whole[word.start : word.end]).replace("\u00ad", "") == word.folded


def test_a_run_of_accents_is_cut_short():
    assert fold("a" + "\u0300\u0327" * 50_000) == fold("a\u0300\u0327")


@given(st.text(), st.sampled_from(["it", "en", "de", "bg"]))
def test_every_text_has_stems_that_are_not_empty(text, language):
    assert all(stems_of(text, language))

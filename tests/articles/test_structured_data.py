from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone, translation

from articles import structured_data
from articles.models import Change, Edition
from clinic.models import Picture, Practice
from tests import factories
from tests.clinic.test_structured_data import absolute, faults, without_email
from tests.conftest import upload


def article(live, url):
    return structured_data.article(live, Practice.objects.current(), url)


def edition(sources=(), **fields):
    row = factories.ArticleFactory(**fields)
    for source in sources:
        factories.SourceFactory(article=row, **source)
    factories.publish(row)
    return row.current_edition()


@pytest.mark.parametrize("language", ["en", "it"])
def test_an_article_uses_only_terms_of_schema_org_30(db, language):
    picture = Picture.objects.create_from_upload(upload())
    live = edition(
        language=language,
        picture=picture,
        picture_decorative=True,
        condition=factories.ConditionFactory(),
        sources=[
            {"url": "https://institute.test/", "doi": "10.1234/x(1)", "pmid": "12"},
            {"url": ""},
        ],
    )
    other = "it" if language == "en" else "en"
    translated = edition(language=other, translation_of=live.article)

    with translation.override(language):
        data = article(live, absolute)
    with translation.override(other):
        beside = article(translated, absolute)

    assert faults(data) == faults(beside) == []
    assert without_email(data) is True


def test_an_article_tells_who_signs_and_when(db):
    live = edition(slug="liver", title="The liver", summary="What it does.")

    data = article(live, absolute)

    assert data["@type"] == "MedicalWebPage"
    assert data["name"] == "The liver"
    assert data["url"] == data["@id"] == "https://clinic.test/articles/liver/"
    assert data["inLanguage"] == "en"
    assert (
        data["datePublished"] == timezone.localdate(live.first_published_at).isoformat()
    )
    assert data["dateModified"] == timezone.localdate(live.content_since).isoformat()
    assert data["author"] == {
        "@type": "Person",
        "@id": f"https://clinic.test/#person-{live.author.pk}",
        "name": f"Ada {live.author.last_name}",
        "url": f"https://clinic.test/doctors/{live.author.slug}/",
    }
    assert data["publisher"] == {
        "@type": "MedicalOrganization",
        "@id": "https://clinic.test/#practice",
        "name": "Dr. Test",
        "url": "https://clinic.test/contact/",
    }


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "Liver metastases"), ("it", "Liver metastases (it)")],
)
def test_an_article_tells_what_it_is_about_in_codes(db, language, name):
    condition = factories.ConditionFactory(icd10="C78.7", mesh="D008113")
    live = edition(language=language, condition=condition)

    with translation.override(language):
        data = article(live, absolute)

    assert data["about"] == {
        "@type": "MedicalCondition",
        "name": name,
        "code": [
            {"@type": "MedicalCode", "codeValue": "C78.7", "codingSystem": "ICD-10"},
            {"@type": "MedicalCode", "codeValue": "D008113", "codingSystem": "MeSH"},
        ],
    }


def test_a_code_that_nobody_has_filled_in_is_not_told(db):
    live = edition(condition=factories.ConditionFactory(icd10="", mesh="D064147"))

    assert article(live, absolute)["about"]["code"] == [
        {"@type": "MedicalCode", "codeValue": "D064147", "codingSystem": "MeSH"}
    ]


def test_sources_are_citations_with_their_lasting_addresses(db):
    live = edition(
        sources=[
            {"title": "A page", "url": "https://www.example.org/page"},
            {"title": "A study", "url": "", "doi": "10.1234/x<1>", "pmid": "12"},
        ]
    )

    assert article(live, absolute)["citation"] == [
        {
            "@type": "CreativeWork",
            "name": "A page",
            "url": "https://www.example.org/page",
        },
        {
            "@type": "CreativeWork",
            "name": "A study",
            "sameAs": [
                "https://doi.org/10.1234/x%3C1%3E",
                "https://pubmed.ncbi.nlm.nih.gov/12/",
            ],
        },
    ]


def test_a_translation_and_its_original_name_each_other(db):
    original = edition(slug="liver")
    translated = edition(language="it", slug="fegato", translation_of=original.article)

    assert article(original, absolute)["workTranslation"] == [
        {
            "@type": "MedicalWebPage",
            "@id": "https://clinic.test/it/articoli/fegato/",
            "inLanguage": "it",
        }
    ]
    assert article(translated, absolute)["translationOfWork"] == [
        {
            "@type": "MedicalWebPage",
            "@id": "https://clinic.test/articles/liver/",
            "inLanguage": "en",
        }
    ]


def test_a_translation_that_readers_do_not_see_is_not_named(db):
    original = edition()
    translated = edition(language="it", translation_of=original.article)
    translated.article.withdraw()

    assert "workTranslation" not in article(original, absolute)


def test_an_article_tells_who_reviewed_it_and_when(db):
    doctor = factories.DoctorFactory(first_name="Grace", last_name="Hopper")
    with time_machine.travel("2026-12-01 12:00:00+00:00", tick=False):
        live = edition()
    with time_machine.travel("2026-12-31 23:30:00+00:00", tick=False):
        live.article.review(
            by=factories.ReviewerFactory(doctor=doctor), outcome="CORRECT"
        )

    data = article(Edition.objects.get(), absolute)

    # The day of the practice, which is an hour ahead of Greenwich.
    assert data["lastReviewed"] == "2027-01-01"
    assert data["reviewedBy"]["@type"] == "Person"
    assert data["reviewedBy"]["name"] == "Grace Hopper"
    assert data["author"]["name"] == f"Ada {live.author.last_name}"


def test_a_review_that_asked_for_changes_is_no_claim(db):
    row = factories.ArticleFactory()
    row.publish_unreviewed()
    row.review(by=factories.ReviewerFactory(), outcome="CHANGES", note="Wrong.")

    data = article(Edition.objects.get(), absolute)

    assert {"lastReviewed", "reviewedBy"} & set(data) == set()


def test_an_article_claims_no_review_and_nothing_that_is_empty(db):
    row = factories.ArticleFactory()
    row.publish_unreviewed()

    data = article(row.current_edition(), absolute)

    assert {"lastReviewed", "reviewedBy", "image", "about", "citation"} & set(
        data
    ) == set()


def test_a_correction_of_form_is_no_modification(db):
    row = factories.ArticleFactory()
    first = factories.publish(row, at=timezone.now() - timedelta(days=9))
    row.change_kind = Change.FORM
    row.save()
    factories.publish(row)

    data = article(row.current_edition(), absolute)

    day = timezone.localdate(first.live_from).isoformat()
    assert (data["datePublished"], data["dateModified"]) == (day, day)


def test_an_article_that_nobody_signs_names_no_author(db):
    live = edition()
    live.author = None

    assert "author" not in article(live, absolute)

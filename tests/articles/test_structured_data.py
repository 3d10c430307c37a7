import pytest
from django.utils import translation

from articles.structured_data import article
from clinic.models import Picture
from tests import factories
from tests.clinic.test_structured_data import absolute, faults, without_email
from tests.conftest import upload

PRACTICE = ("https://clinic.test/#practice", "MedicalClinic")


def edition(**fields):
    row = factories.ArticleFactory(**fields)
    row.publish()
    return row.live_edition()


@pytest.mark.parametrize("language", ["en", "it"])
def test_an_article_uses_only_terms_of_schema_org_30(db, language):
    picture = Picture.objects.create_from_upload(upload())
    live = edition(language=language, picture=picture, picture_decorative=True)

    with translation.override(language):
        data = article(live, absolute)

    assert faults(data, [PRACTICE]) == []
    assert without_email(data) is True


def test_an_article_tells_who_signs_and_when(db):
    live = edition(slug="liver", title="The liver", summary="What it does.")

    data = article(live, absolute)

    assert data["@type"] == "MedicalWebPage"
    assert data["headline"] == data["name"] == "The liver"
    assert data["description"] == "What it does."
    assert data["url"] == data["@id"] == "https://clinic.test/articles/liver/"
    assert data["inLanguage"] == "en"
    assert data["datePublished"] == live.first_published_at.isoformat("T", "seconds")
    assert data["dateModified"] == live.published_at.isoformat("T", "seconds")
    assert data["author"]["@type"] == "Person"
    assert data["author"]["name"] == f"Ada {live.author.last_name}"
    assert data["publisher"] == {"@id": "https://clinic.test/#practice"}


def test_an_article_claims_no_review_and_nothing_that_is_empty(db):
    data = article(edition(), absolute)

    assert {"lastReviewed", "reviewedBy", "image"} & set(data) == set()


def test_an_article_that_nobody_signs_names_no_author(db):
    live = edition()
    live.author = None

    assert "author" not in article(live, absolute)

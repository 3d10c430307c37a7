from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone, translation

from articles.models import Change, Edition
from articles.structured_data import article
from clinic.models import Picture
from tests import factories
from tests.clinic.test_structured_data import absolute, faults, without_email
from tests.conftest import upload

PRACTICE = ("https://clinic.test/#practice", "MedicalClinic")


def edition(**fields):
    row = factories.ArticleFactory(**fields)
    factories.publish(row)
    return row.current_edition()


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
    assert data["dateModified"] == live.content_since.isoformat("T", "seconds")
    assert data["author"]["@type"] == "Person"
    assert data["author"]["name"] == f"Ada {live.author.last_name}"
    assert data["publisher"] == {"@id": "https://clinic.test/#practice"}


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

    assert {"lastReviewed", "reviewedBy", "image"} & set(data) == set()


def test_a_correction_of_form_is_no_modification(db):
    row = factories.ArticleFactory()
    first = factories.publish(row, at=timezone.now() - timedelta(days=9))
    row.change_kind = Change.FORM
    row.save()
    factories.publish(row)

    data = article(row.current_edition(), absolute)

    moment = first.live_from.isoformat("T", "seconds")
    assert (data["datePublished"], data["dateModified"]) == (moment, moment)


def test_an_article_that_nobody_signs_names_no_author(db):
    live = edition()
    live.author = None

    assert "author" not in article(live, absolute)

"""Conditions: their codes, their place on an article, and what an edition keeps."""

import pytest
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.utils import translation

from articles.models import Condition
from tests import factories
from tests.clinic.test_admin import errors, fields
from tests.clinic.test_roles import account, signed_in

pytestmark = pytest.mark.django_db

ADD = "/admin/articles/condition/add/"


def refusal(**codes):
    with pytest.raises(ValidationError) as refused:
        factories.ConditionFactory.build(**codes).full_clean()
    return refused.value.message_dict


@pytest.mark.parametrize("code", ["C78.7", "D70", "R43.2", "Z99.9"])
def test_a_code_of_icd_10_is_taken(code):
    factories.ConditionFactory.build(icd10=code).full_clean()


@pytest.mark.parametrize("code", ["c78.7", "C78,7", "C7", "C78.", "787", "C78\n"])
def test_what_is_no_code_of_icd_10_is_refused_with_an_example(code):
    assert refusal(icd10=code)["icd10"] == [
        "An ICD-10 code is a capital letter and two digits, often with one more digit "
        "behind a point, for example C78.7"
    ]


@pytest.mark.parametrize("code", ["D008113", "D000086382"])
def test_a_descriptor_of_mesh_is_taken(code):
    factories.ConditionFactory.build(mesh=code).full_clean()


@pytest.mark.parametrize("code", ["d008113", "D8113", "C008113", "D0081130", "D1\n"])
def test_what_is_no_descriptor_of_mesh_is_refused_with_an_example(code):
    assert refusal(mesh=code)["mesh"] == [
        "A MeSH identifier is a D and six or nine digits, such as D008113"
    ]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Please give at least one of the two codes, ICD-10 or MeSH."),
        ("it", "Indicare almeno uno dei due codici, ICD-10 o MeSH."),
    ],
)
def test_a_condition_without_any_code_is_refused(language, sentence):
    with translation.override(language):
        assert refusal(icd10="", mesh="")["__all__"] == [sentence]


def test_two_conditions_do_not_share_their_codes():
    factories.ConditionFactory(icd10="D70", mesh="D064147")

    assert refusal(icd10="D70", mesh="D064147")["__all__"] == [
        "There is a condition with these codes."
    ]


def test_an_edition_keeps_the_condition_that_was_chosen():
    liver = factories.ConditionFactory()
    article = factories.ArticleFactory(condition=liver)
    edition = factories.publish(article)

    article.condition = factories.ConditionFactory(icd10="D70")
    article.save()

    edition.refresh_from_db()
    assert edition.condition == liver
    assert article.differs_from(edition) is True


def test_a_condition_that_an_article_names_is_not_deleted():
    liver = factories.ConditionFactory()
    factories.ArticleFactory(condition=liver)

    with pytest.raises(ProtectedError):
        liver.delete()


def test_a_manager_adds_a_condition_in_both_languages():
    client = signed_in(account("manager"))
    typed = {"name_0": "Anaemia", "name_1": "Anemia", "icd10": "D64.9"}

    answer = client.post(ADD, fields(client.get(ADD)) | typed)

    assert errors(answer) == []
    added = Condition.objects.get()
    assert (str(added), added.name.data) == (
        "Anaemia D64.9",
        {"en": "Anaemia", "it": "Anemia"},
    )


@pytest.mark.parametrize("word", ["metastases", "C78", "D000"])
def test_an_article_finds_its_condition_by_name_or_code(staff, word):
    liver = factories.ConditionFactory(mesh="D000001")
    factories.ConditionFactory(name=factories.both("Fever"), icd10="R50", mesh="D1")
    asked = {
        "app_label": "articles",
        "model_name": "article",
        "field_name": "condition",
        "term": word,
    }

    found = staff.get("/admin/autocomplete/", asked).json()["results"]

    assert [row["id"] for row in found] == [str(liver.pk)]

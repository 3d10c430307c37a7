"""Readers' words at the desk."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from articles.models import Synonym, Unfound
from tests import factories
from tests.clinic.test_admin import fields, parsed, said
from tests.clinic.test_roles import account, signed_in

pytestmark = pytest.mark.django_db

UNFOUND = "/admin/articles/unfound/"
ADD = "/admin/articles/synonym/add/"


@pytest.fixture
def unfound():
    Unfound.objects.add(
        {"en spots": (3, ""), "it macchie": (2, ""), "en once": (1, "")}
    )
    return {row.words: row for row in Unfound.objects.all()}


def shown(client, query=""):
    rows = parsed(client.get(f"{UNFOUND}{query}")).css("#result_list tbody tr")
    return [row.css_first(".field-words").text(strip=True) for row in rows]


def test_the_desk_lists_what_was_searched_for_more_than_once(staff, unfound):
    assert shown(staff) == ["spots", "macchie"]
    assert shown(staff, "?language=it") == ["macchie"]


def test_where_nothing_waits_the_list_says_so(staff):
    assert "Nothing waits here" in staff.get(UNFOUND).content.decode()


def test_the_first_page_of_the_desk_tells_how_many_there_are(staff, unfound):
    link = parsed(staff.get("/admin/")).css_first(f'a[href="{UNFOUND}"].waiting__link')

    assert " ".join(link.text().split()) == "2 Searches without result"


def test_a_button_opens_a_synonym_and_saving_it_takes_the_words_off(staff, unfound):
    page = parsed(staff.get(UNFOUND))
    link = page.css_first(".decide a").attrs["href"]
    form = fields(staff.get(link))
    assert (form["language"], form["words"]) == ("en", "spots")

    answer = staff.post(ADD, form | {"means": "metastases"}, follow=True)

    assert "was added successfully" in "".join(said(answer))
    assert Synonym.objects.get().means == "metastases"
    assert shown(staff) == ["macchie"]


def test_a_button_starts_an_article_with_the_words(staff, unfound):
    page = parsed(staff.get(UNFOUND))
    link = page.css(".decide a")[1].attrs["href"]

    form = fields(staff.get(link))

    assert form["title"] == "Spots"
    assert form["key_phrases"] == "spots"
    assert form["language"] == "en"


def test_words_are_put_aside_and_brought_back(staff, unfound):
    key = str(unfound["spots"].pk)

    answer = staff.post(UNFOUND, {"_ignore": key}, follow=True)
    assert "“spots” is ignored from now on." in said(answer)
    assert shown(staff) == ["macchie"]
    assert shown(staff, "?shown=ignored") == ["spots"]

    staff.post(UNFOUND, {"_ignore": key})
    assert shown(staff) == ["spots", "macchie"]


def test_what_nobody_searches_for_any_more_is_forgotten(unfound):
    with time_machine.travel(timezone.now() + timedelta(days=91)):
        Unfound.objects.add({"en new": (1, "")})

    assert [row.words for row in Unfound.objects.all()] == ["new"]


def test_what_finds_a_page_by_now_waits_no_longer(staff, unfound):
    Unfound.objects.add({"en hidden": (2, "")})
    Unfound.objects.filter(words="hidden").update(ignored=True)
    factories.publish(factories.ArticleFactory(title="Spots on the liver"))
    factories.publish(factories.ArticleFactory(title="Hidden costs"))

    call_command("tidy", stdout=StringIO())

    assert shown(staff) == ["macchie"]
    # What somebody has put aside stays so, should the page go again.
    assert Unfound.objects.get(words="hidden").ignored


def test_of_too_much_the_rarest_is_forgotten(unfound, monkeypatch):
    monkeypatch.setattr("articles.models.search.UnfoundQuerySet.MOST", 2)
    Unfound.objects.add({"en spots": (1, "")})

    assert [(row.words, row.count) for row in Unfound.objects.all()] == [
        ("spots", 4),
        ("macchie", 2),
    ]


@pytest.mark.parametrize(
    ("role", "may"), [("writer", 200), ("reviewer", 200), ("manager", 200)]
)
def test_everybody_on_staff_keeps_the_words(role, may):
    client = signed_in(account(role))

    assert client.get(UNFOUND).status_code == may
    assert client.get(ADD).status_code == may


@pytest.mark.parametrize(
    ("words", "means", "field"),
    [
        ("what is the", "liver", "words"),
        ("liver", "the", "means"),
        ("livers", "Liver", "means"),
    ],
)
def test_a_synonym_that_would_do_nothing_is_refused(words, means, field):
    with pytest.raises(ValidationError) as refused:
        Synonym(words=words, means=means).full_clean()

    assert list(refused.value.message_dict) == [field]

"""Addresses at the desk: what was asked for in vain, and where it shall lead."""

import pytest

from articles.models import Redirect
from clinic.models import MissedAddress
from tests import factories
from tests.clinic.test_admin import errors, fields, parsed, queries_of, said
from tests.clinic.test_roles import account, doctor_account, signed_in

pytestmark = pytest.mark.django_db

MISSED = "/admin/clinic/missedaddress/"
ADD = "/admin/articles/redirect/add/"


@pytest.fixture
def missed():
    MissedAddress.objects.add(
        {
            "/it/febbre-alta.html": (3, "www.example.org"),
            "/noise": (9, ""),
            "/once": (1, ""),
        }
    )
    return {row.path: row for row in MissedAddress.objects.all()}


def shown(client, query=""):
    table = parsed(client.get(f"{MISSED}{query}")).css("#result_list tbody tr")
    return [
        tuple(row.css_first(f".field-{name}").text(strip=True) for name in
              ("path", "count", "referring_site"))
        for row in table
    ]  # fmt: skip


def test_the_desk_lists_what_was_asked_for_more_than_once(staff, missed):
    assert shown(staff) == [
        ("/noise", "9", "-"),
        ("/it/febbre-alta.html", "3", "www.example.org"),
    ]


def test_where_nothing_waits_the_list_says_so(staff):
    assert "Nothing waits here" in staff.get(MISSED).content.decode()


def test_the_first_page_of_the_desk_tells_how_many_there_are(staff, missed):
    page = parsed(staff.get("/admin/"))

    link = page.css_first(f'a[href="{MISSED}"].waiting__link')
    assert " ".join(link.text().split()) == "2 Addresses that readers asked for in vain"


def test_a_button_opens_a_redirect_with_address_and_target(staff, missed):
    article = factories.ArticleFactory(slug="febbre-alta", language="it")
    factories.publish(article)
    link = parsed(staff.get(MISSED)).css(".decide a")[1]

    form = fields(staff.get(link.attributes["href"]))

    assert (form["path"], form["article"], form["language"]) == (
        "/it/febbre-alta.html",
        str(article.pk),
        "it",
    )
    staff.post(ADD, form)
    assert Redirect.objects.get().article == article
    assert shown(staff) == [("/noise", "9", "-")]


def test_a_button_ignores_an_address_and_brings_it_back(staff, missed):
    noise = str(missed["/noise"].pk)

    answer = staff.post(MISSED, {"_ignore": noise}, follow=True)
    assert said(answer) == ["“/noise” is ignored from now on."]
    assert [row[0] for row in shown(staff)] == ["/it/febbre-alta.html"]
    assert [row[0] for row in shown(staff, "?shown=ignored")] == ["/noise"]

    staff.post(f"{MISSED}?shown=ignored", {"_ignore": noise})
    assert [row[0] for row in shown(staff)] == ["/noise", "/it/febbre-alta.html"]


def test_several_are_ignored_at_once(staff, missed):
    keys = [str(row.pk) for row in missed.values()]
    staff.post(MISSED, {"action": "ignore", "_selected_action": keys})

    assert shown(staff) == []


def test_a_redirect_from_a_page_is_refused_with_a_sentence(staff, practice):
    answer = staff.post(
        ADD, {"path": "/Contact/", "page": "articles:home", "language": "en"}
    )

    assert errors(answer) == [
        "A page stands at this address: readers find it and need no redirect."
    ]
    assert Redirect.objects.count() == 0


def test_whatever_was_pasted_is_kept_in_its_one_form(staff, practice):
    staff.post(
        ADD,
        {
            "path": "https://www.example.org/Old-Page.html?utm_source=x#top",
            "page": "articles:home",
            "language": "en",
        },
    )
    answer = staff.post(
        ADD, {"path": "/OLD-page.html/", "page": "articles:home", "language": "en"}
    )

    assert [row.path for row in Redirect.objects.all()] == ["/old-page.html"]
    assert errors(answer) == ["This address leads on already."]


@pytest.mark.parametrize(
    ("role", "status"), [("writer", 403), ("reviewer", 200), ("manager", 200)]
)
def test_who_publishes_or_manages_may_lead_addresses_on(role, status):
    client = signed_in(account(role))

    assert client.get(MISSED).status_code == status
    assert client.get(ADD).status_code == status


# What replaces an article #####################################################


def test_withdrawing_asks_what_replaces_the_article(practice):
    old, new = (factories.ArticleFactory(slug=slug) for slug in ("old", "new"))
    for article in (old, new):
        factories.publish(article)
    client = signed_in(doctor_account())
    page = f"/admin/articles/article/{old.pk}/withdraw/"
    form = fields(client.get(page))

    answer = client.post(page, form | {"replaced_by": str(new.pk)}, follow=True)

    assert said(answer) == [f"The address of “{old.title}” leads to “{new.title}”."]
    assert client.get("/articles/old/")["Location"] == "/articles/new/"


def test_it_can_be_said_later_and_is_refused_with_a_sentence(practice):
    old, draft = (
        factories.ArticleFactory(slug="old"),
        factories.ArticleFactory(title="Draft"),
    )
    factories.publish(old)
    old.withdraw()
    client = signed_in(doctor_account())
    page = f"/admin/articles/article/{old.pk}/replace/"
    form = fields(client.get(page))

    refused = client.post(page, form | {"replaced_by": str(draft.pk)})
    assert (
        "Readers do not see “Draft”: please publish it first."
        in refused.content.decode()
    )
    factories.publish(draft)
    client.post(page, form | {"replaced_by": str(draft.pk)})

    old.refresh_from_db()
    assert old.replaced_by == draft


def test_the_list_asks_as_often_for_thirty_redirects_as_for_three(staff):
    def three_redirects():
        live = factories.publish(factories.ArticleFactory(title="Live")).article
        gone = factories.publish(factories.ArticleFactory(title="Gone")).article
        old = factories.publish(factories.ArticleFactory(title="Old")).article
        gone.withdraw()
        old.withdraw(replaced_by=live)
        for article in (live, gone, old):
            Redirect.objects.create(path=f"/old-{article.pk}", article=article)
        return live

    address = "/admin/articles/redirect/"
    live = three_redirects()
    few = queries_of(staff, address)
    for _ in range(9):
        three_redirects()

    assert queries_of(staff, address) == few
    shown = parsed(staff.get(address)).css(".field-leads_to")[-3:]
    to_live = f'<a href="{live.get_absolute_url()}">'
    assert [cell.text() for cell in shown] == ["Old", "Gone (withdrawn)", "Live"]
    assert [to_live in cell.html for cell in shown] == [True, False, True]


def test_the_list_goes_along_a_chain_of_replacements(staff):
    first, second, third = (
        factories.publish(factories.ArticleFactory()).article for _ in range(3)
    )
    first.withdraw(replaced_by=second)
    second.withdraw(replaced_by=third)
    Redirect.objects.create(path="/old", article=first)

    cell = parsed(staff.get("/admin/articles/redirect/")).css_first(".field-leads_to a")

    assert cell.attrs["href"] == third.get_absolute_url()

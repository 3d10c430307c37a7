"""Addresses last: what changed, was replaced or is of an older site leads on."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from articles.addresses import problem_with, proposal
from articles.models import Redirect, Topic
from tests import factories

pytestmark = pytest.mark.django_db


def published(slug, **kwargs):
    article = factories.ArticleFactory(slug=slug, **kwargs)
    factories.publish(article)
    article.refresh_from_db()
    return article


def led(client, address, **headers):
    """The status of an answer and where it leads, if it does."""
    response = client.get(address, **headers)
    if response.status_code in {301, 410, 404}:
        assert response["Cache-Control"] == "public, no-cache"
    return response.status_code, response.get("Location")


# Topics #######################################################################


@pytest.mark.parametrize("prefix", ["/topics", "/it/argomenti"])
def test_a_topics_earlier_addresses_lead_to_the_present_one(client, practice, prefix):
    topic = factories.TopicFactory(slug="liver")
    for slug in ("the-liver", "liver-and-bile"):
        topic.slug = slug
        topic.save()

    assert led(client, f"{prefix}/liver/") == (301, f"{prefix}/liver-and-bile/")
    assert led(client, f"{prefix}/the-liver/") == (301, f"{prefix}/liver-and-bile/")
    assert led(client, f"{prefix}/liver-and-bile/") == (200, None)
    assert led(client, f"{prefix}/lung/") == (404, None)


# Withdrawn and replaced #######################################################


def test_what_was_withdrawn_and_replaced_leads_to_what_replaces_it(client, practice):
    old, new = published("old"), published("new")

    old.withdraw(replaced_by=new)

    assert led(client, "/articles/old/") == (301, "/articles/new/")


def test_every_earlier_address_of_it_leads_there_too(client, practice):
    old, new = published("first"), published("new")
    old.slug = "second"
    old.save()
    factories.publish(old)
    old.withdraw(replaced_by=new)

    for slug in ("first", "second"):
        assert led(client, f"/articles/{slug}/") == (301, "/articles/new/")


def test_several_replacements_are_one_hop(client, practice):
    first, second, third = (published(slug) for slug in ("first", "second", "third"))
    first.withdraw(replaced_by=second)
    second.withdraw(replaced_by=third)

    assert led(client, "/articles/first/") == (301, "/articles/third/")
    third.slug = "third-renamed"
    third.save()
    factories.publish(third)
    assert led(client, "/articles/first/") == (301, "/articles/third-renamed/")


def test_it_is_gone_where_the_replacement_is_gone_too(client, practice):
    old, new = published("old"), published("new")
    old.withdraw(replaced_by=new)
    new.withdraw()

    assert led(client, "/articles/old/") == (410, None)
    factories.publish(new)
    assert led(client, "/articles/old/") == (301, "/articles/new/")


def test_a_planned_withdrawal_leads_on_once_it_has_happened(client, practice):
    old, new = published("old"), published("new")
    old.withdraw(at=timezone.now() + timedelta(days=1), replaced_by=new)

    assert led(client, "/articles/old/") == (200, None)
    assert old.replacement() == new.current_edition()


def test_what_is_published_again_is_shown_again(client, practice):
    old, new = published("old"), published("new")
    old.withdraw(replaced_by=new)
    factories.publish(old)

    assert led(client, "/articles/old/") == (200, None)
    old.withdraw()
    assert led(client, "/articles/old/") == (410, None)


def test_who_cites_an_edition_is_told_and_not_led_away(client, practice):
    old, new = published("old"), published("new", title="The new page")
    old.withdraw(replaced_by=new)

    response = client.get("/articles/old/editions/1/")

    assert response.status_code == 410
    assert '<a href="/articles/new/">The new page</a>' in response.content.decode()


def test_it_can_be_said_later_and_taken_back(client, practice):
    old, new = published("old"), published("new")
    old.withdraw()

    old.replace(with_=new)
    assert led(client, "/articles/old/") == (301, "/articles/new/")
    old.replace(with_=None)
    assert led(client, "/articles/old/") == (410, None)


def test_only_another_live_article_of_the_language_can_replace_it(practice):
    old, draft = published("old"), factories.ArticleFactory(title="A draft")
    other = published("altro", language="it")

    said = {}
    for choice in (old, other, draft):
        with pytest.raises(ValidationError) as refusal:
            old.withdraw(replaced_by=choice)
        said[choice] = refusal.value.messages

    another = "Please choose another article, in the same language."
    assert list(said.values()) == [
        [another],
        [another],
        ["Readers do not see “A draft”: please publish it first."],
    ]
    assert old.current_edition() is not None


def test_two_planned_withdrawals_cannot_lead_to_each_other(practice):
    one, two = published("one"), published("two", title="Two")
    tomorrow = timezone.now() + timedelta(days=1)
    two.withdraw(at=tomorrow, replaced_by=one)

    with pytest.raises(ValidationError) as refusal:
        one.withdraw(at=tomorrow, replaced_by=two)

    assert refusal.value.messages == [
        "“Two” is to be withdrawn and replaced by this article."
    ]


@pytest.mark.parametrize(
    ("live", "sentence"),
    [
        (True, "Readers see it: please withdraw it first. That page asks what replaces "
               "it."),
        (False, "Readers have never seen it: there is nothing to replace."),
    ],
)  # fmt: skip
def test_only_what_was_withdrawn_can_be_replaced_later(live, sentence):
    article = published("one") if live else factories.ArticleFactory()

    with pytest.raises(ValidationError) as refusal:
        article.replace(with_=published("other"))

    assert refusal.value.messages == [sentence]


# Redirects ####################################################################


def test_an_address_of_an_older_site_leads_to_the_article(client, practice):
    Redirect.objects.create(path="/it/Terapie/Febbre.html", article=published("fever"))

    for address in ("/it/terapie/febbre.html", "/it/Terapie/Febbre.html/?x=1"):
        assert led(client, address) == (301, "/articles/fever/")


def test_of_an_older_site_the_query_tells_pages_apart(client, practice):
    path = "/index.php?option=com_content&view=article&id="
    Redirect.objects.create(path=f"{path}1", article=published("one"))
    Redirect.objects.create(path=f"{path}2", article=published("two"))
    Redirect.objects.create(path="/index.php", page=Redirect.Page.HOME)

    assert led(client, f"{path}1:slug&Itemid=7") == (301, "/articles/one/")
    assert led(client, f"{path}2&catid=8&lang=en") == (301, "/articles/two/")
    assert led(client, f"{path}3") == (404, None)
    assert led(client, "/index.php?utm_source=x") == (301, "/")


def test_what_says_most_of_an_address_decides(client, practice):
    path = "/index.php?option=com_content&id=1"
    Redirect.objects.create(path=path, article=published("any"))
    Redirect.objects.create(path=f"{path}&lang=it", article=published("italian"))

    assert led(client, f"{path}&lang=it&Itemid=2") == (301, "/articles/italian/")
    assert led(client, f"{path}&lang=de&Itemid=2") == (301, "/articles/any/")


def test_topics_doctors_and_pages_are_led_to_in_their_language(client, practice):
    topic, doctor = factories.TopicFactory(slug="liver"), practice.doctors.first()
    Redirect.objects.create(path="/a", topic=topic, language="it")
    Redirect.objects.create(path="/b", doctor=doctor, language="en")
    Redirect.objects.create(path="/c", page=Redirect.Page.CONTACT, language="it")

    assert led(client, "/a/") == (301, "/it/argomenti/liver/")
    assert led(client, "/b/") == (301, f"/doctors/{doctor.slug}/")
    assert led(client, "/c/") == (301, "/it/contatti/")
    topic.slug = "the-liver"
    topic.save()
    assert led(client, "/a/") == (301, "/it/argomenti/the-liver/")


def test_a_redirect_to_what_was_withdrawn_follows_or_says_so(client, practice):
    old, new = published("old"), published("new")
    Redirect.objects.create(path="/older", article=old)
    Redirect.objects.create(path="/draft", article=factories.ArticleFactory())

    old.withdraw()
    assert led(client, "/older") == (410, None)
    old.replace(with_=new)
    assert led(client, "/older") == (301, "/articles/new/")
    assert led(client, "/draft") == (404, None)


def test_a_page_comes_before_a_redirect(client, practice):
    Redirect.objects.create(path="/articles/fever", article=published("other"))
    assert led(client, "/articles/fever/") == (301, "/articles/other/")

    published("fever")

    assert led(client, "/articles/fever/") == (200, None)


def test_an_earlier_address_without_its_slash_is_one_hop_too(client, practice):
    topic = factories.TopicFactory(slug="liver")
    topic.slug = "the-liver"
    topic.save()

    assert led(client, "/topics/liver") == (301, "/topics/the-liver/")


def test_a_redirect_has_one_target(practice):
    for targets in ({}, {"article": published("a"), "page": Redirect.Page.HOME}):
        with pytest.raises(ValidationError) as refusal:
            Redirect(path="/old", **targets).full_clean()
        assert refusal.value.messages == [
            "Please choose one target: an article, a topic, a doctor or another page."
        ]
    with pytest.raises(IntegrityError):
        Redirect.objects.create(path="/old")


def test_what_is_sent_leads_nowhere(practice):
    Redirect.objects.create(path="/old", page=Redirect.Page.HOME)

    assert Client().post("/old").status_code == 404


def test_the_desk_is_not_led_away(staff):
    Redirect.objects.create(path="/admin/old", page=Redirect.Page.HOME)

    assert staff.get("/admin/old/").status_code == 404


def test_redirects_are_kept_by_the_edge_until_they_change(visitor, practice):
    row = Redirect.objects.create(path="/old", page=Redirect.Page.HOME)
    for _time in range(2):
        assert visitor.get("/old").headers["Location"] == "/"
    assert len(visitor.rendered) == 1

    row.page = Redirect.Page.CONTACT
    row.save()

    assert visitor.get("/old").headers["Location"] == "/contact/"


OURS = "This address belongs to the portal itself."
STANDS = "A page stands at this address: readers find it and need no redirect."
MOVED = "A page has stood here, and its address leads to it by itself."
GONE = (
    "An article that was withdrawn has stood here. Please say at that article what "
    "replaces it."
)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/admin/x", OURS),
        ("/static/x.css", OURS),
        ("/", STANDS),
        ("/it/contatti", STANDS),
        ("/robots.txt", STANDS),
        ("/articles/live", STANDS),
        ("/articles/moved", MOVED),
        ("/topics/was", MOVED),
        ("/articles/gone", GONE),
        ("/articles/never", ""),
        ("/index.php?option=com_content", ""),
    ],
)
def test_an_address_with_a_page_cannot_lead_elsewhere(practice, address, sentence):
    article = published("moved")
    article.slug = "live"
    article.save()
    factories.publish(article)
    published("gone").withdraw()
    topic = factories.TopicFactory(slug="was")
    topic.slug = "is"
    topic.save()

    assert str(problem_with(address)) == sentence


@pytest.mark.parametrize(
    ("address", "field", "slug"),
    [
        ("/it/12-fever-during-chemo.html", "article", "fever-during-chemotherapy"),
        ("/blog/the-liver", "topic", "liver"),
        ("/who/ada-test", "doctor", "ada-test"),
        ("/nothing-like-it", "", None),
        ("/", "", None),
    ],
)
def test_the_best_match_of_the_words_is_proposed(practice, address, field, slug):
    published("fever-during-chemotherapy")
    factories.ArticleFactory(slug="fever-during-chemo")  # a draft
    factories.TopicFactory(slug="liver")
    factories.DoctorFactory(slug="ada-test")

    found, row = proposal(address)

    assert (found, row and row.slug) == (field, slug)


# No loop and no chain #########################################################

PATHS = ["/a", "/b.html", "/index.php?option=com_content&id=1", "/articles/free"]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["withdraw", "replace", "publish", "rename", "topic", "to"]
            ),
            st.integers(0, 2),
            st.integers(0, 2),
        ),
        max_size=9,
    )
)
def test_whatever_is_done_nobody_is_led_further_than_once(practice, steps):
    Redirect.objects.all().delete()
    mark = f"{Topic.objects.count()}-{timezone.now().timestamp():.0f}".replace(".", "")
    articles = [published(f"page-{n}-{mark}") for n in range(3)]
    topic = factories.TopicFactory(slug=f"topic-{mark}")
    addresses = {f"/articles/{a.slug}/" for a in articles}
    for number, (step, one, two) in enumerate(steps):
        article, other = articles[one], articles[two]
        article.refresh_from_db()
        try:
            if step == "withdraw":
                article.withdraw(replaced_by=other)
            elif step == "replace":
                article.replace(with_=other)
            elif step == "publish":
                factories.publish(article)
            elif step == "rename":
                article.slug = f"page-{one}-{mark}-{number}"
                article.save()
                factories.publish(article)
                addresses.add(f"/articles/{article.slug}/")
            elif step == "topic":
                topic.slug = f"topic-{mark}-{one}"
                topic.save()
                addresses.add(f"/topics/{topic.slug}/")
            else:
                path = PATHS[two]
                target = {"topic": topic} if one == 2 else {"article": article}
                Redirect.objects.filter(path=path).delete()
                Redirect.objects.create(path=path, **target)
                addresses.add(path)
        except ValidationError:
            continue  # refused: nothing has changed

    client = Client()
    for address in addresses:
        status, target = led(client, address)
        assert status in {200, 301, 410}
        assert target is None or led(client, target) == (200, None)


# Not found ####################################################################


def test_a_missing_page_offers_the_words_of_its_address(client, practice):
    response = client.get("/it/articoli/la-febbre-alta/")

    assert response.status_code == 404
    assert response.context["words"] == "la febbre alta"


@pytest.mark.parametrize("address", ["/admin", "/admin?x=1"])
def test_the_desk_without_its_last_slash_is_found(client, address):
    answer = client.get(address)

    assert answer.status_code == 301
    assert answer["Location"].startswith("/admin/")

"""Articles at the desk: write, look, ask, publish, withdraw; and nothing lost."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from articles.models import Article, Edition, Source
from clinic.models import Picture
from tests import factories
from tests.clinic.test_admin import (
    CONFLICT,
    errors,
    fields,
    parsed,
    queries_of,
    rows,
    said,
    save,
    somebody_who_may,
    unnamed,
)
from tests.conftest import stored_files, upload

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/article/"
ADD = "/admin/articles/article/add/"
WRITER = ["add_article", "change_article", "view_article", "add_source"]
ALL = [*WRITER, "change_source", "delete_source", "delete_article", "publish_article"]
TOKEN = "csrfmiddlewaretoken"
# What the question "Publish this article?" sends for one that is not published.
CONFIRMED = {"version": "0", "live": "0"}


def page_of(article, step="change"):
    return f"/admin/articles/article/{article.pk}/{step}/"


def draft(client, article, **changes):
    """Change the article in its form and press “Save draft”."""
    return save(client, page_of(article), button="_continue", **changes)


def buttons(response):
    """What the row of buttons below the form offers."""
    row = parsed(response).css(".submit-row input, .submit-row a")
    return [button.attributes.get("value") or button.text() for button in row]


def publish(client, article, **changes):
    """Open the question and answer it."""
    sent = fields(client.get(page_of(article, "publish"))) | changes
    return client.post(page_of(article, "publish"), sent, follow=True)


def withdrawn_article():
    article = factories.ArticleFactory()
    article.publish()
    article.withdraw()
    return article


# Writing #####################################################################


def test_a_title_is_enough_for_a_draft(staff):
    response = save(staff, ADD, button="_continue", title="Fever", slug="fever")

    article = Article.objects.get()
    assert response.redirect_chain == [(page_of(article), 302)]
    assert said(response) == ["Saved as a draft. Readers do not see it yet."]
    assert (article.title, article.slug, article.language) == ("Fever", "fever", "en")
    assert Edition.objects.count() == 0


def test_a_draft_without_a_title_is_refused(staff):
    response = save(staff, ADD, button="_continue", summary="Typed.")

    assert errors(response) == ["This field is required."] * 2
    assert fields(response)["summary"] == "Typed."
    assert Article.objects.count() == 0


def test_saving_a_published_article_says_that_readers_see_the_edition(staff):
    article = factories.ArticleFactory(title="As published")
    article.publish()

    response = draft(staff, article, title="As typed since")

    assert said(response) == ["Saved. Readers still see the edition published before."]
    assert Edition.objects.live().get().title == "As published"
    state = parsed(response).css_first(".state").text()
    assert "This text has changed since" in state


def test_saving_the_untouched_form_changes_nothing(staff):
    article = factories.ArticleFactory(key_phrases="one\ntwo")
    factories.SourceFactory(article=article, doi="10.1234/x", pmid="1")
    edition = article.publish()

    draft(staff, article)

    assert Article.objects.get().differs_from(edition) is False
    assert Article.objects.get().version == 1


@pytest.mark.parametrize(
    ("button", "step"), [("_preview", "preview"), ("_publish", "publish")]
)
def test_the_other_buttons_save_and_go_on(staff, button, step):
    article = factories.ArticleFactory()

    response = save(staff, page_of(article), button=button, title="Saved first")

    assert response.redirect_chain == [(page_of(article, step), 302)]
    assert "Saved first" in response.content.decode()
    assert Edition.objects.count() == 0


def test_hostile_text_is_stored_clean(staff):
    evil = (
        '<p onclick="alert(1)">Words<script>alert(1)</script></p>'
        '<p><a href="javascript:alert(1)">link</a><img src=x onerror=alert(1)></p>'
    )
    article = factories.ArticleFactory()

    draft(staff, article, body=evil)

    assert Article.objects.get().body == "<p>Words</p><p>link</p>"


def test_a_hostile_title_is_shown_as_text(staff):
    evil = "<script>alert(1)</script>"
    article = factories.ArticleFactory(title=evil, summary=evil)

    for step in ("change", "preview", "publish", "history", "delete"):
        page = staff.get(page_of(article, step)).content.decode()
        assert evil not in page
        assert "&lt;script&gt;alert(1)" in page
    assert evil not in publish(staff, article).content.decode()
    assert evil not in staff.get(page_of(article, "withdraw")).content.decode()
    assert evil not in staff.get(LIST).content.decode()


def test_fields_that_are_not_in_the_form_are_ignored(staff):
    article = factories.ArticleFactory()
    edition = article.publish()
    before = Article.objects.get().created_at
    now = timezone.now() + timedelta(days=9)
    forged = {
        "version": "77",
        "created_at": now,
        "created_at_0": "2001-01-01",
        "created_at_1": "00:00",
        "updated_at": now,
        "id": "99",
        "live_from": now,
        "live_until": now,
        "number": "9",
        "published_by": "1",
        "first_published_at": now,
        "editions": "1",
        "editions-TOTAL_FORMS": "1",
        "editions-INITIAL_FORMS": "1",
        "editions-0-id": edition.pk,
        "editions-0-title": "Forged",
    }

    draft(staff, article, **forged)

    saved = Article.objects.get()
    assert (saved.pk, saved.version, saved.created_at) == (article.pk, 1, before)
    assert saved.updated_at < now
    stored = Edition.objects.get()
    for field in Edition._meta.concrete_fields:
        assert getattr(stored, field.attname) == getattr(edition, field.attname)


def test_two_articles_in_one_language_do_not_share_an_address(staff):
    factories.ArticleFactory(slug="fever")
    article = factories.ArticleFactory()

    response = draft(staff, article, slug="fever", title="Typed")

    assert errors(response) == [
        "Another article in this language has the same address. Please change one of "
        "the two."
    ]
    assert fields(response)["title"] == "Typed"
    assert Article.objects.get(pk=article.pk).slug == article.slug


def test_articles_in_two_languages_may_share_an_address(staff):
    factories.ArticleFactory(slug="radioterapia", language="it")

    save(staff, ADD, button="_continue", title="Radioterapia", slug="radioterapia")

    assert Article.objects.filter(slug="radioterapia").count() == 2


# The preview #################################################################


def test_the_preview_shows_the_draft_in_the_template_of_the_site(staff):
    article = factories.ArticleFactory(body="<p>As published.</p>")
    article.publish()
    article.body = "<p>As typed since.</p>"
    article.save()

    response = staff.get(page_of(article, "preview"))

    page = response.content.decode()
    assert "articles/article.html" in [used.name for used in response.templates]
    assert "As typed since." in page
    assert "As published." not in page
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]


def test_the_preview_speaks_the_language_of_the_article(staff):
    article = factories.ArticleFactory(language="it")

    page = parsed(staff.get(page_of(article, "preview")))

    assert page.css_first("html").attributes["lang"] == "it"


@pytest.mark.parametrize("permission", ["view_article", "change_article"])
def test_the_preview_needs_no_permission_to_publish(permission):
    article = factories.ArticleFactory()
    client = somebody_who_may(permission)

    assert client.get(page_of(article, "preview")).status_code == 200


def test_other_staff_have_no_preview():
    article = factories.ArticleFactory()
    client = somebody_who_may("view_practice", "publish_article")

    assert client.get(page_of(article, "preview")).status_code == 403


@pytest.mark.parametrize("step", ["preview", "publish", "withdraw"])
def test_steps_of_an_article_that_is_not_there_are_not_found(staff, step):
    assert staff.get(f"/admin/articles/article/99/{step}/").status_code == 404


# Publishing ##################################################################


def test_publishing_asks_first(staff):
    article = factories.ArticleFactory(title="Fever")

    response = staff.get(page_of(article, "publish"))

    page = parsed(response)
    assert page.css_first("h1").text() == "Publish this article?"
    assert buttons(response) == ["Publish now", "Preview", "Back to editing"]
    assert page.css_first("dl.facts dd").text() == "Fever"
    assert Edition.objects.count() == 0


def test_every_problem_is_listed_and_nothing_published(staff):
    article = factories.ArticleFactory(
        summary="", body="", topic=None, author=None, slug="taken", picture=picture()
    )
    other = factories.ArticleFactory(slug="was-taken", title="The other")
    Article.objects.filter(pk=article.pk).update(slug="free")
    Article.objects.filter(pk=other.pk).update(slug="taken")
    other.refresh_from_db()
    other.publish()
    Article.objects.filter(pk=other.pk).update(slug="moved")
    Article.objects.filter(pk=article.pk).update(slug="taken")

    asked = staff.get(page_of(article, "publish"))
    sent = staff.post(page_of(article, "publish"), CONFIRMED)

    for response in (asked, sent):
        assert errors(response) == [
            "The summary is empty.",
            "The text is empty.",
            "No topic is chosen.",
            "No author is chosen: a doctor has to sign.",
            "The picture has no description and is not marked decorative.",
            "Readers find “The other” under this address. Publish that article under "
            "its new address first, or change the address here.",
        ]
        assert parsed(response).css("#content form, .submit-row") == []
    assert list(Edition.objects.values_list("article", flat=True)) == [other.pk]


def test_the_answer_publishes_and_says_so_with_a_link(staff):
    article = factories.ArticleFactory(title="Fever", slug="fever")

    response = publish(staff, article)

    edition = Edition.objects.live().get()
    assert response.redirect_chain == [(page_of(article), 302)]
    assert said(response) == ['Article published: <a href="/articles/fever/">Fever</a>']
    assert (edition.article, edition.number) == (article, 1)
    assert edition.published_by == response.context["user"]
    assert staff.get("/articles/fever/").status_code == 200
    assert "Published." in staff.get(page_of(article, "history")).content.decode()


def test_what_was_saved_after_the_question_is_asked_again(staff):
    article = factories.ArticleFactory()
    asked = fields(staff.get(page_of(article, "publish")))
    draft(staff, article, title="Saved meanwhile")

    response = staff.post(page_of(article, "publish"), asked, follow=True)

    assert response.redirect_chain == [(page_of(article, "publish"), 302)]
    assert said(response) == [
        "The article was saved again after you opened this page. Please look at it "
        "once more."
    ]
    assert "Saved meanwhile" in response.content.decode()
    assert Edition.objects.count() == 0

    publish(staff, article)

    assert Edition.objects.get().title == "Saved meanwhile"


def test_a_second_click_publishes_nothing_more(staff):
    article = factories.ArticleFactory()
    asked = fields(staff.get(page_of(article, "publish")))

    staff.post(page_of(article, "publish"), asked)
    again = staff.post(page_of(article, "publish"), asked, follow=True)

    assert said(again)[-1] == "It has just been published."
    assert Edition.objects.count() == 1


def test_publishing_without_a_version_is_asked_again(staff):
    article = factories.ArticleFactory()

    staff.post(page_of(article, "publish"))

    assert Edition.objects.count() == 0


def test_the_question_says_that_nothing_has_changed(staff):
    article = factories.ArticleFactory()
    article.publish()

    page = parsed(staff.get(page_of(article, "publish"))).css_first("#content").text()

    assert "It replaces edition 1, which is kept." in page
    assert "Nothing has changed since the last edition." in page


# Withdrawing #################################################################


def test_withdrawing_asks_first(staff):
    article = factories.ArticleFactory(title="Fever")
    edition = article.publish()

    response = staff.get(page_of(article, "withdraw"))

    assert parsed(response).css_first("h1").text() == "Withdraw this article?"
    assert buttons(response) == ["Withdraw now", "Leave it published"]
    assert article.live_edition() == edition


def test_the_answer_withdraws_and_says_so(staff):
    article = factories.ArticleFactory(title="Fever", slug="fever")
    article.publish()

    response = staff.post(page_of(article, "withdraw"), follow=True)

    assert said(response) == ["Article withdrawn: “Fever”. Its address now says so."]
    assert article.live_edition() is None
    assert staff.get("/articles/fever/").status_code == 410
    assert "Withdrawn." in parsed(response).css_first(".state").text()
    assert "Withdrawn." in staff.get(page_of(article, "history")).content.decode()


def test_what_is_not_published_is_not_withdrawn(staff):
    article = factories.ArticleFactory()

    response = staff.post(page_of(article, "withdraw"), follow=True)

    assert said(response) == ["The article is not published."]


# Who may do what #############################################################


@pytest.mark.parametrize(
    ("make", "state", "offered"),
    [
        (
            factories.ArticleFactory,
            "Draft.",
            ["Save draft", "Save and preview", "Save and publish…", "Delete"],
        ),
        (
            lambda: factories.ArticleFactory().publish().article,
            "Published.",
            ["Save draft", "Save and preview", "Save and publish…", "Withdraw…"],
        ),
        (
            withdrawn_article,
            "Withdrawn.",
            ["Save draft", "Save and preview", "Save and publish…"],
        ),
    ],
)
def test_the_buttons_follow_the_state(make, state, offered):
    client = somebody_who_may(*ALL)

    response = client.get(page_of(make()))

    assert buttons(response) == offered
    assert parsed(response).css_first(".state strong").text() == state


def test_the_buttons_follow_the_permission():
    article = factories.ArticleFactory()
    article.publish()

    writer = somebody_who_may(*WRITER).get(page_of(article))
    reader = somebody_who_may("view_article").get(page_of(article))
    new = somebody_who_may(*WRITER).get(ADD)

    assert buttons(writer) == ["Save draft", "Save and preview"]
    assert buttons(reader) == []
    assert buttons(new) == ["Save draft", "Save and preview"]


def test_the_button_deletes_a_draft_only_with_the_permission():
    article = factories.ArticleFactory()
    address = page_of(article, "delete")
    editor, writer = somebody_who_may(*ALL), somebody_who_may(*WRITER)

    link = parsed(editor.get(page_of(article))).css_first(".deletelink")

    assert link.attributes["href"] == address
    assert parsed(writer.get(page_of(article))).css(".deletelink") == []
    assert writer.post(address, {"post": "yes"}).status_code == 403


def test_an_original_begun_from_its_translation_closes_its_own_window(staff):
    address = f"{ADD}?_popup=1&_to_field=id"

    opened = staff.get(address)
    response = save(staff, address, title="Fever", slug="fever")

    assert buttons(opened) == ["Save"]
    assert "admin/popup_response.html" in [used.name for used in response.templates]
    assert Article.objects.get().title == "Fever"


def test_the_form_does_not_lead_to_a_page_that_is_not_there(staff):
    article = factories.ArticleFactory()

    page = parsed(staff.get(page_of(article)))

    assert page.css(".viewsitelink, .state a") == []


def test_the_form_leads_to_the_live_edition_at_its_own_address(staff):
    article = factories.ArticleFactory(slug="published")
    article.publish()
    draft(staff, article, slug="typed-since")

    page = parsed(staff.get(page_of(article)))

    links = [link.attributes["href"] for link in page.css(".viewsitelink, .state a")]
    assert links == ["/articles/published/"]


@pytest.mark.parametrize(
    "permissions", [WRITER, ["view_article", "publish_article"], ["view_practice"]]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_publishing_and_withdrawing_need_both_permissions(permissions, method):
    fresh, live = factories.ArticleFactory(), factories.ArticleFactory()
    edition = live.publish()
    client = somebody_who_may(*permissions)

    answers = [
        getattr(client, method)(page_of(fresh, "publish"), CONFIRMED),
        getattr(client, method)(page_of(live, "publish"), CONFIRMED | {"live": "1"}),
        getattr(client, method)(page_of(live, "withdraw")),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert list(Edition.objects.live()) == [edition]


def test_pressing_a_publish_button_that_was_never_shown_publishes_nothing():
    article = factories.ArticleFactory()
    client = somebody_who_may(*WRITER)

    response = save(client, page_of(article), button="_publish")

    assert response.status_code == 403
    assert Edition.objects.count() == 0


def test_who_may_only_look_finds_no_field_and_saves_nothing():
    article = factories.ArticleFactory(title="Fever")
    client = somebody_who_may("view_article")

    shown = client.get(page_of(article))
    sent = client.post(page_of(article), {"title": "Forged", "_continue": "1"})

    page = parsed(shown).css_first("#content-main")
    assert "Fever" in page.text()
    assert "version" not in page.text().lower()
    assert "upload" not in page.text().lower()
    assert page.css("input:not([type=hidden]), select, textarea") == []
    assert sent.status_code == 403
    assert Article.objects.get().title == "Fever"


@pytest.mark.parametrize(
    "step", ["change", "preview", "publish", "withdraw", "history", "delete"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_visitors_are_sent_to_the_door(client, step, method):
    article = factories.ArticleFactory()
    article.publish()
    address = page_of(article, step)

    response = getattr(client, method)(address)

    assert response.status_code == 302
    assert response.url == f"/admin/login/?next={address}"
    assert Edition.objects.live().count() == 1


def test_a_disabled_account_is_out_at_once(client):
    user = factories.UserFactory()
    client.force_login(user)
    user.is_active = False
    user.save()

    assert client.get(LIST).status_code == 302


@pytest.mark.parametrize("step", ["publish", "withdraw", "change"])
def test_a_forged_request_from_elsewhere_is_refused(client, step):
    article = factories.ArticleFactory()
    edition = article.publish()
    client.force_login(factories.UserFactory())
    client.handler.enforce_csrf_checks = True

    response = client.post(page_of(article, step), {"version": "0", "title": "Forged"})

    assert response.status_code == 403
    assert list(Edition.objects.live()) == [edition]
    assert Article.objects.get().title == article.title


# Deleting ####################################################################


def delete_in_list(client, *articles):
    """Tick the articles in the list and confirm their deletion."""
    ticked = [article.pk for article in articles]
    return client.post(
        LIST,
        {"action": "delete_selected", "_selected_action": ticked, "post": "yes"},
    )


@pytest.mark.parametrize(
    "make", [lambda: factories.ArticleFactory().publish().article, withdrawn_article]
)
def test_what_readers_have_seen_is_not_deleted(staff, make):
    article = make()
    address = page_of(article, "delete")

    asked, sent = staff.get(address), staff.post(address, {"post": "yes"})
    listed = delete_in_list(staff, article)

    assert (asked.status_code, sent.status_code) == (403, 403)
    assert "Cannot delete" in parsed(listed).css_first("#content").text()
    assert parsed(staff.get(page_of(article))).css(".deletelink") == []
    assert Article.objects.get() == article


def test_a_list_with_one_published_article_is_not_deleted_at_all(staff):
    article, fresh = factories.ArticleFactory(), factories.ArticleFactory()
    article.publish()

    delete_in_list(staff, article, fresh)

    assert Article.objects.count() == 2


def test_a_draft_is_deleted_with_its_sources(staff):
    article = factories.SourceFactory().article

    staff.post(page_of(article, "delete"), {"post": "yes"})

    assert (Article.objects.count(), Source.objects.count()) == (0, 0)


def test_drafts_are_deleted_in_the_list(staff):
    delete_in_list(staff, factories.ArticleFactory(), factories.ArticleFactory())

    assert Article.objects.count() == 0


# The list ####################################################################


@pytest.fixture
def three_states():
    live = factories.ArticleFactory(title="Seen")
    live.publish()
    live.publish()
    withdrawn = withdrawn_article()
    return {
        "never published": factories.ArticleFactory(),
        "published": live,
        "withdrawn": withdrawn,
    }


def test_the_list_says_the_state_of_each_article(staff, three_states):
    page = parsed(staff.get(LIST))

    shown = {
        row.css_first(".field-title a").text(): row.css_first(".field-state").text()
        for row in page.css("#result_list tbody tr")
    }
    assert shown == {article.title: state for state, article in three_states.items()}


@pytest.mark.parametrize(
    ("code", "state"),
    [("draft", "never published"), ("live", "published"), ("withdrawn", "withdrawn")],
)
def test_the_list_is_filtered_by_state(staff, three_states, code, state):
    response = staff.get(LIST, {"state": code})

    assert list(response.context["cl"].result_list) == [three_states[state]]


@pytest.mark.parametrize("query", [{}, {"state": "nonsense"}])
def test_without_a_known_state_the_list_is_whole(staff, three_states, query):
    response = staff.get(LIST, query)

    assert set(response.context["cl"].result_list) == set(three_states.values())


def test_filters_combine(staff, three_states):
    topic = three_states["published"].topic.pk
    query = {"state": "live", "topic__id__exact": topic, "q": "Seen", "o": "1"}

    response = staff.get(LIST, query)

    assert list(response.context["cl"].result_list) == [three_states["published"]]


def test_the_list_answers_no_question_about_accounts(staff):
    factories.ArticleFactory().publish(by=factories.UserFactory())

    response = staff.get(LIST, {"editions__published_by__password__startswith": "a"})

    assert response.status_code == 400


# Translations ################################################################


def test_a_translation_is_in_another_language(staff):
    original, article = factories.ArticleFactory(), factories.ArticleFactory()

    response = draft(staff, article, translation_of=original.pk)

    assert errors(response) == [
        "Both articles are in the same language. Please check the language above."
    ]
    assert Article.objects.get(pk=article.pk).translation_of is None


def test_a_translation_of_a_translation_is_refused(staff):
    english = factories.ArticleFactory(language="en")
    italian = factories.ArticleFactory(language="it", translation_of=english)
    article = factories.ArticleFactory(language="en")

    response = draft(staff, article, translation_of=italian.pk)

    assert errors(response) == [
        "Please choose the original: the article that is not itself a translation."
    ]


def test_an_original_does_not_become_a_translation(staff):
    english = factories.ArticleFactory(language="en")
    factories.ArticleFactory(language="it", translation_of=english)
    other = factories.ArticleFactory(language="it")

    response = draft(staff, english, translation_of=other.pk)

    assert errors(response) == [
        "Please choose the original: the article that is not itself a translation."
    ]


def test_there_is_one_translation_into_each_language(staff):
    english = factories.ArticleFactory(language="en")
    factories.ArticleFactory(language="it", translation_of=english)
    second = factories.ArticleFactory(language="it")

    response = draft(staff, second, translation_of=english.pk)

    assert errors(response) == [
        "That article has a translation into this language already."
    ]
    assert Article.objects.get(pk=second.pk).translation_of is None


def test_a_translation_is_linked(staff):
    english = factories.ArticleFactory(language="en")
    italian = factories.ArticleFactory(language="it")

    draft(staff, italian, translation_of=english.pk)

    assert list(english.translations.all()) == [italian]


def test_only_originals_are_offered_as_what_is_translated(staff):
    english = factories.ArticleFactory(language="en", title="Fever")
    factories.ArticleFactory(language="it", title="Fever (it)", translation_of=english)

    response = staff.get(
        "/admin/autocomplete/",
        {
            "app_label": "articles",
            "model_name": "article",
            "field_name": "translation_of",
            "term": "Fever",
        },
    )

    offered = [result["text"] for result in json.loads(response.content)["results"]]
    assert offered == ["Fever"]


def test_the_offers_are_for_those_who_may_see_articles():
    client = somebody_who_may("view_practice")

    response = client.get(
        "/admin/autocomplete/",
        {
            "app_label": "articles",
            "model_name": "article",
            "field_name": "translation_of",
        },
    )

    assert response.status_code == 403


# The picture #################################################################


def picture():
    """A row without files: enough wherever nobody looks at the picture."""
    return Picture.objects.create(
        key="0" * 32, name="Pine", width=320, height=240, widths=[320], fallback="jpg"
    )


@pytest.mark.parametrize("description", ["", "   "])
def test_a_picture_is_described_or_decorative(staff, description):
    article, chosen = factories.ArticleFactory(), picture()

    response = draft(staff, article, picture=chosen.pk, picture_alt=description)

    assert errors(response) == [
        "Please describe the picture, or tick “decorative” if it tells nothing."
    ]
    assert fields(response)["picture"] == str(chosen.pk)


def test_a_described_picture_is_not_decorative(staff):
    article = factories.ArticleFactory()

    response = draft(
        staff,
        article,
        picture=picture().pk,
        picture_alt="A pine.",
        picture_decorative="on",
    )

    assert errors(response) == [
        "A picture with a description is not decorative. Please take the tick away or "
        "empty the description."
    ]


@pytest.mark.parametrize(
    "words", [{"picture_alt": "A pine."}, {"picture_decorative": "on"}]
)
def test_one_of_the_two_is_enough(staff, words):
    article = factories.ArticleFactory()

    draft(staff, article, picture=picture().pk, **words)

    assert Article.objects.get().picture == Picture.objects.get()


def test_an_upload_becomes_the_picture_of_the_article(staff):
    article = factories.ArticleFactory()

    response = draft(
        staff,
        article,
        picture_upload=upload(name="waiting room.jpg"),
        picture_alt="The waiting room.",
    )

    uploaded = Picture.objects.get()
    assert uploaded.name == "waiting room"
    assert Article.objects.get().picture == uploaded
    assert len(stored_files()) == 2 * len(uploaded.widths)
    shown = parsed(response).css_first(".field-picture_shown img")
    assert shown.attributes["src"] == uploaded.src


def test_an_upload_is_chosen_even_where_another_picture_is(staff):
    chosen = picture()
    article = factories.ArticleFactory(picture=chosen, picture_alt="A pine.")

    draft(staff, article, picture_upload=upload(), picture=chosen.pk)

    assert Article.objects.get().picture == Picture.objects.exclude(pk=chosen.pk).get()


TYPED = {
    "title": "",
    "summary": "Typed <summary> & “more”.\nIn two lines.",
    "body": "<p>Typed body.</p>",
    "picture_alt": "The waiting room.",
    "picture_caption": "Typed caption",
    "key_phrases": "one\ntwo",
} | rows("sources", {"title": "Typed source", "doi": "10.1234/x", "position": "0"})


def as_typed(response, typed):
    """The values that the form shows for what was typed, line ends aside."""
    return {
        name: value.replace("\r\n", "\n")
        for name, value in fields(response).items()
        if name in typed
    }


def test_a_good_upload_is_kept_when_another_field_is_refused(staff):
    article = factories.ArticleFactory()

    response = draft(staff, article, **TYPED, picture_upload=upload())

    uploaded = Picture.objects.get()
    assert errors(response) == ["This field is required."]
    assert fields(response)["picture"] == str(uploaded.pk)
    assert as_typed(response, TYPED) == TYPED
    assert stored_files() != []

    staff.post(page_of(article), fields(response) | {"title": "x", "_continue": "1"})

    assert Article.objects.get().picture == uploaded
    assert Picture.objects.count() == 1


def test_a_bad_upload_is_refused_and_everything_typed_is_kept(staff):
    article = factories.ArticleFactory()
    chosen = picture()
    typed = TYPED | {"title": "Typed", "picture": str(chosen.pk)}

    response = draft(staff, article, **typed, picture_upload=upload(b"no picture"))

    assert errors(response) == [
        "This file is not a JPEG, PNG, WebP or AVIF picture, or it is damaged. Please "
        "open it in a picture program and save it as JPEG or PNG."
    ]
    assert as_typed(response, typed) == typed
    assert list(Picture.objects.all()) == [chosen]
    assert stored_files() == []
    assert Article.objects.get().title == article.title


@pytest.mark.parametrize("where", [Article, Source])
def test_an_error_while_saving_leaves_neither_row_nor_file(staff, monkeypatch, where):
    article = factories.ArticleFactory(title="Before")
    sent = TYPED | {"title": "After"}

    def break_off(*args, **kwargs):
        assert stored_files() != []
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(where, "save", break_off)

    with pytest.raises(RuntimeError, match="the disk is full"):
        draft(staff, article, **sent, picture_upload=upload())

    assert stored_files() == []
    assert (Picture.objects.count(), Source.objects.count()) == (0, 0)
    assert Article.objects.get().title == "Before"


# Sources #####################################################################


def add_source(client, article, **source):
    row = {"title": "Institute: a page, 2026", "position": "0"} | source
    return draft(client, article, **rows("sources", row))


@pytest.mark.parametrize(
    "typed",
    [
        "10.1016/j.annonc.2022.10.003",
        " 10.1016/j.annonc.2022.10.003 ",
        "https://doi.org/10.1016/j.annonc.2022.10.003",
        "http://dx.doi.org/10.1016/j.annonc.2022.10.003",
        "doi:10.1016/j.annonc.2022.10.003",
        "DOI: 10.1016/j.annonc.2022.10.003",
    ],
)
def test_a_doi_is_kept_bare(staff, typed):
    article = factories.ArticleFactory()

    add_source(staff, article, doi=typed)

    assert Source.objects.get().doi == "10.1016/j.annonc.2022.10.003"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"doi": "annonc.2022"},
            "A DOI begins with 10., for example 10.1016/j.annonc.2022.10.003",
        ),
        ({"pmid": "PMC1234"}, "A PMID is a number, nothing else."),
        ({"url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"url": "data:text/html,<script>alert(1)</script>"}, "Enter a valid URL."),
        ({"title": ""}, "This field is required."),
    ],
)
def test_a_wrong_source_is_refused_with_a_sentence_and_kept(staff, wrong, sentence):
    article = factories.ArticleFactory()
    typed = {"title": "A page", "url": "https://example.org", "pmid": "1"} | wrong

    response = add_source(staff, article, **typed)

    assert errors(response) == [sentence]
    kept = fields(response)
    assert {name: kept[f"sources-0-{name}"] for name in typed} == typed
    assert Source.objects.count() == 0


def test_a_link_without_a_scheme_becomes_https(staff):
    article = factories.ArticleFactory()

    add_source(staff, article, url="example.org/page")

    assert Source.objects.get().url == "https://example.org/page"


def test_a_source_of_another_article_cannot_be_taken(staff):
    theirs = factories.SourceFactory(title="Theirs")
    article = factories.ArticleFactory()
    forged = {
        "sources-TOTAL_FORMS": "1",
        "sources-INITIAL_FORMS": "1",
        "sources-0-id": theirs.pk,
        "sources-0-article": article.pk,
        "sources-0-title": "Stolen",
    }

    draft(staff, article, **forged)

    theirs.refresh_from_db()
    assert (theirs.title, theirs.article == article) == ("Theirs", False)


def test_a_flood_of_rows_is_refused(staff):
    article = factories.ArticleFactory()

    draft(staff, article, **{"sources-TOTAL_FORMS": "100000"}, title="Changed")

    assert Source.objects.count() == 0
    assert Article.objects.get().title == article.title


# Two people ##################################################################


def test_the_second_of_two_people_overwrites_nothing_and_loses_nothing():
    article = factories.ArticleFactory(title="Before", body="<p>Before.</p>")
    factories.SourceFactory(article=article, title="Before")
    first, second = somebody_who_may(*ALL), somebody_who_may(*ALL)
    opened = fields(second.get(page_of(article)))
    draft(first, article, title="First", body="<p>First.</p>")
    typed = opened | TYPED | {"title": "Second"}
    typed |= rows("sources", {"title": "Second"}, {"title": "New", "url": "x"})

    response = second.post(page_of(article), typed | {"_continue": "1"})

    conflict, *_more = errors(response)
    assert conflict.startswith(CONFLICT)
    kept = fields(response)
    assert as_typed(response, typed) | {TOKEN: typed[TOKEN]} == typed
    stored = Article.objects.get()
    assert (stored.title, stored.body) == ("First", "<p>First.</p>")
    assert [source.title for source in stored.sources.all()] == ["Before"]

    again = second.post(page_of(article), kept | {"_continue": "1"})

    assert errors(again)[0].startswith(CONFLICT)
    assert Article.objects.get().title == "First"

    draft(second, article, title="Second")

    assert Article.objects.get().title == "Second"
    assert Article.objects.get().body == "<p>First.</p>"


def test_a_form_without_its_version_is_refused(staff):
    article = factories.ArticleFactory(title="Before")

    response = draft(staff, article, title="After", seen_version=None)

    assert errors(response)[0].startswith(CONFLICT)
    assert Article.objects.get().title == "Before"


def test_one_person_may_save_again_and_again(staff):
    article = factories.ArticleFactory()

    for number in range(3):
        draft(staff, article, title=f"Title {number}")

    assert (Article.objects.get().title, Article.objects.get().version) == (
        "Title 2",
        3,
    )


# Screen readers and queries ##################################################


@pytest.mark.parametrize("language", ["en", "it"])
def test_every_field_has_a_name(staff, language):
    article = factories.SourceFactory().article
    article.publish()
    staff.cookies["django_language"] = language

    for address in (
        ADD,
        page_of(article),
        page_of(article, "publish"),
        page_of(article, "withdraw"),
    ):
        page = staff.get(address)
        assert len(parsed(page).css("#content input")) > 0
        assert unnamed(page) == []


def test_the_form_asks_as_often_for_thirty_articles_as_for_one(staff):
    article = factories.ArticleFactory()
    one = queries_of(staff, page_of(article))
    for _ in range(29):
        factories.ArticleFactory()

    assert queries_of(staff, page_of(article)) == one


def test_the_form_asks_as_often_for_thirty_sources_as_for_one(staff):
    article = factories.SourceFactory().article
    one = queries_of(staff, page_of(article))
    for number in range(29):
        factories.SourceFactory(article=article, position=number)

    assert queries_of(staff, page_of(article)) == one


def test_publishing_is_a_permission_of_its_own():
    found = Permission.objects.get(codename="publish_article")

    assert found.content_type.app_label == "articles"

"""Translations: begun beside their original, behind it, brought up to date."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from articles import desk, history
from articles.models import Alignment, Article, Change, Edition, State, Step
from tests import factories
from tests.clinic.test_admin import fields, parsed
from tests.clinic.test_roles import account, signed_in

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 8, 10, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def original(db):
    """An article with all that a translation takes over, before readers."""
    article = factories.ArticleFactory(
        slug="fever",
        title="Fever",
        picture_credit="Drawn here",
        is_sample=True,
        condition=factories.ConditionFactory(),
    )
    factories.SourceFactory(article=article, doi="10.1234/x")
    factories.publish(article, at=NOON - 2 * DAY)
    article.refresh_from_db()
    return article


@pytest.fixture
def translation(original):
    article = factories.ArticleFactory(
        slug="febbre", title="Febbre", language="it", translation_of=original,
        topic=original.topic, author=original.author,
    )  # fmt: skip
    factories.publish(article, at=NOON - DAY)
    article.refresh_from_db()
    return article


def again(article, kind=Change.CONTENT, at=None):
    """Publish another edition of it with other words."""
    article.refresh_from_db()
    article.body += "<p>More words.</p>"
    article.change_kind, article.change_note = kind, "There is more of it."
    article.save()
    return factories.publish(article, at=at)


def page(article, client):
    return client.get(reverse("admin:articles_article_change", args=[article.pk]))


def text_of(node):
    return " ".join(node.text().split())


def behind():
    """The titles that the desk lists as behind."""
    articles = desk.behind(Article.objects.with_state(), None)
    return [article.title for article in articles]


def readers_are_told(client, address="/it/articoli/febbre/"):
    return 'id="newer"' in client.get(address).text


# Begun by one click ###########################################################


def translate(client, article, language="it"):
    return client.post(
        reverse("admin:articles_article_translate", args=[article.pk, language])
    )


def test_one_click_makes_a_draft_with_what_needs_no_translating(staff, original):
    response = translate(staff, original)

    article = original.translations.get()
    assert response.url == reverse("admin:articles_article_change", args=[article.pk])
    assert article.copied() == original.copied() | {
        "language": "it",
        "summary": "",
        "body": "",
        "translation_of_id": original.pk,
    }
    assert article.sources_as_list() == original.sources_as_list() != []
    assert article.original_edition == original.editions.get()
    assert (article.state, article.editions.count()) == (State.DRAFT, 0)
    assert article.edited_by == response.wsgi_request.user


def test_what_readers_see_is_translated_and_not_what_is_being_written(original):
    original.author = factories.DoctorFactory()
    original.sources.all().delete()
    original.written(None)

    article, is_new = original.translate("it", by=account("writer"))

    edition = original.editions.get()
    assert is_new is True
    assert article.author == edition.author != original.author
    assert article.sources_as_list() == edition.sources


def test_a_draft_can_be_translated_too(staff):
    draft = factories.ArticleFactory(title="Not yet", summary="Soon.")

    translate(staff, draft)

    article = draft.translations.get()
    assert (article.title, article.original_edition) == ("Not yet", None)
    shown = parsed(page(article, staff)).css_first(".source")
    assert "Soon." in text_of(shown)
    assert "Nobody has published it yet" in text_of(shown)


def test_the_second_click_leads_to_what_the_first_has_made(staff, original):
    first = translate(staff, original)
    second = translate(staff, original)
    from_translation = translate(staff, original.translations.get(), "en")

    assert original.translations.count() == 1
    assert second.url == first.url
    assert from_translation.url == reverse(
        "admin:articles_article_change", args=[original.pk]
    )


def test_the_address_is_made_from_the_title_that_is_typed(staff, original):
    factories.ArticleFactory(language="it", slug="la-febbre")
    translate(staff, original)
    article = original.translations.get()
    sent = fields(page(article, staff))
    assert (sent["title"], sent["slug"]) == ("", "")

    refused = staff.post(
        reverse("admin:articles_article_change", args=[article.pk]),
        sent | {"_continue": "x"},
    )
    staff.post(
        reverse("admin:articles_article_change", args=[article.pk]),
        sent | {"title": "La febbre", "_continue": "x"},
    )

    assert refused.status_code == 200  # there is no article without a title
    article.refresh_from_db()
    assert (article.title, article.slug) == ("La febbre", "la-febbre-2")


def test_windows_of_an_original_and_of_its_translation_bear_two_names(staff, original):
    translate(staff, original)

    names = [
        parsed(page(article, staff)).css_first("title").text().partition(" | ")[0]
        for article in (original, original.translations.get())
    ]

    assert names == ["Fever", "Fever (Italian)"]


def test_the_title_of_the_original_is_free_once_somebody_has_typed_it(staff, original):
    translate(staff, original)
    article = original.translations.get()
    sent = fields(page(article, staff)) | {"title": "Fever", "summary": "Parole."}

    staff.post(
        reverse("admin:articles_article_change", args=[article.pk]),
        sent | {"_continue": "x"},
    )

    shown = fields(page(article, staff))
    assert (shown["title"], shown["slug"]) == ("Fever", "fever-2")


def test_nothing_is_begun_by_looking(staff, original):
    for name, args in (
        ("translate", [original.pk, "it"]),
        ("align", [original.pk]),
    ):
        response = staff.get(reverse(f"admin:articles_article_{name}", args=args))
        assert response.status_code == 405

    assert Article.objects.count() == 1


def test_nothing_is_begun_from_elsewhere(original, client):
    client = client.__class__(enforce_csrf_checks=True)
    client.force_login(factories.UserFactory())

    assert translate(client, original).status_code == 403
    assert Article.objects.count() == 1


@pytest.mark.parametrize(
    ("language", "status"), [("it", 302), ("de", 404), ("xx", 404), ("en-gb", 404)]
)
def test_it_is_begun_in_a_language_of_the_portal_only(
    staff, original, language, status
):
    assert translate(staff, original, language).status_code == status


@pytest.mark.parametrize(
    ("role", "status"), [("writer", 302), ("manager", 403), (None, 403)]
)
def test_who_may_not_write_articles_translates_none(original, role, status):
    client = signed_in(account(*filter(None, [role])))

    assert translate(client, original).status_code == status
    assert original.translations.count() == (status == 302)


def test_an_article_that_is_not_there_is_not_translated(staff):
    missing = Article(pk=999)

    assert translate(staff, missing).status_code == 404


@pytest.mark.parametrize(
    ("language", "button"),
    [("en", "Translate into Italian"), ("it", "Tradurre in italiano")],
)
def test_the_page_of_an_article_offers_the_languages_that_it_lacks(
    staff, original, language, button
):
    staff.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    before = parsed(page(original, staff)).css_first(".in-languages")
    translate(staff, original)
    after = parsed(page(original, staff)).css_first(".in-languages")

    asked = [b.attributes["value"] for b in before.css("[type=submit]")]
    assert asked == [button]
    assert after.css("[type=submit]") == []
    link = after.css_first("a.button")
    assert link.attributes["href"] == reverse(
        "admin:articles_article_change", args=[original.translations.get().pk]
    )


# Side by side #################################################################


def test_the_original_stands_beside_its_translation_in_its_own_language(
    staff, original, translation
):
    shown = parsed(page(translation, staff)).css_first(".source")

    text = shown.css_first(".source__text")
    assert text.attributes["lang"] == "en"
    assert text_of(text) == "Fever What this page explains. What it isPlain words."
    assert shown.css("input, textarea, select") == []
    assert "edition 1" in text_of(shown.css_first("h2"))
    assert parsed(page(original, staff)).css_first(".source") is None


def test_the_words_of_a_form_are_marked_with_their_language(staff, translation):
    form = parsed(page(translation, staff)).css_first("#article_form")

    for name in ("title", "summary", "body", "key_phrases"):
        assert form.css_first(f"[name={name}]").attributes["lang"] == "it", name


# Behind #######################################################################


def test_an_edition_keeps_what_it_was_made_from(original, translation):
    first = translation.editions.get()
    second_original = again(original)
    translation.refresh_from_db()
    translation.align(second_original, by=None)

    second = again(translation)

    assert first.original_edition == original.editions.get(number=1)
    assert second.original_edition == second_original


def test_a_translation_of_another_article_was_not_made_from_this_one(original):
    other = factories.ArticleFactory()
    article = factories.ArticleFactory(language="it", translation_of=original)
    assert article.original_edition == original.editions.get()

    article.translation_of = other
    article.save()

    assert article.original_edition is None


def test_whoever_links_a_translation_means_what_readers_of_the_original_see(
    staff, original
):
    again(original)
    article = factories.ArticleFactory(language="it")
    sent = fields(page(article, staff)) | {"translation_of": str(original.pk)}

    staff.post(
        reverse("admin:articles_article_change", args=[article.pk]),
        sent | {"_continue": "x"},
    )

    article.refresh_from_db()
    assert article.original_edition == original.editions.get(number=2)


def test_only_a_change_of_content_leaves_a_translation_behind(
    client, practice, original, translation
):
    again(original, Change.FORM)
    by_form = (behind(), readers_are_told(client))

    again(original)

    assert by_form == ([], False)
    assert behind() == ["Febbre"]


@pytest.mark.parametrize(
    ("slug", "language", "title", "sentence"),
    [
        (
            "febbre",
            "it",
            "La pagina in inglese è più recente",
            "È stata modificata il 9 giugno 2026",
        ),
        (
            "fever-it",
            "en",
            "The page in Italian is newer",
            "It was changed on 9 June 2026",
        ),
    ],
)
def test_readers_of_what_is_behind_are_told_with_a_link_and_a_date(
    client, practice, noon, slug, language, title, sentence
):
    other = "en" if language == "it" else "it"
    first = factories.ArticleFactory(language=other, title="First", slug="first")
    factories.publish(first)
    second = factories.ArticleFactory(
        language=language, slug=slug, translation_of=first, topic=first.topic
    )
    edition = factories.publish(second)
    noon.shift(DAY)
    newer = again(first)

    shown = parsed(client.get(edition.get_absolute_url())).css_first("aside.caution")

    assert shown.css_first("h2").text() == title
    assert sentence in text_of(shown)
    link = shown.css_first("a")
    assert link.text() == "First"
    assert link.attributes == {
        "href": newer.get_absolute_url(),
        "lang": other,
        "hreflang": other,
    }
    whole = parsed(client.get(newer.get_absolute_url()))
    assert whole.css("aside.caution") == []


def test_who_looks_at_the_desk_sees_what_readers_are_told(staff, original, translation):
    again(original)

    shown = parsed(page(translation, staff)).css_first(".behind")

    assert "This translation was made from edition 1." in text_of(shown)
    assert "More words." in text_of(shown.css_first("details"))
    words = shown.css(".comparison :is(del, ins) > :not(.visually-hidden)")
    assert [word.attributes["lang"] for word in words] == ["en"] * len(words)
    assert "More words." in " ".join(text_of(word) for word in words)
    state = text_of(parsed(page(translation, staff)).css_first(".state"))
    assert "Readers are told that the original is newer." in state


def test_what_is_planned_can_be_translated_before_readers_see_it(
    client, staff, practice, original, translation
):
    planned = again(original, at=NOON + DAY)

    told = (behind(), readers_are_told(client))
    offered = parsed(page(translation, staff)).css_first(".behind")
    translation.align(planned, by=None)

    assert told == ([], False)
    assert "edition 2" in text_of(offered)
    with time_machine.travel(NOON + 2 * DAY, tick=False):
        assert (behind(), readers_are_told(client)) == ([], False)


@pytest.mark.parametrize("withdrawn", ["original", "translation"])
def test_what_was_withdrawn_leaves_nothing_behind(
    client, original, translation, withdrawn
):
    again(original)
    {"original": original, "translation": translation}[withdrawn].withdraw()

    assert behind() == []
    assert not readers_are_told(client)


def test_a_draft_whose_original_has_moved_on_is_behind(original):
    article, _is_new = original.translate("it", by=account("writer"))
    before = behind()

    again(original)

    assert (before, behind()) == ([], [article.title])


def test_what_nobody_has_recorded_is_to_be_compared_and_readers_are_told_nothing(
    client, staff, practice
):
    original = factories.ArticleFactory()
    translation = factories.ArticleFactory(
        slug="febbre", title="Febbre", language="it", translation_of=original
    )
    factories.publish(translation)
    factories.publish(original)

    shown = text_of(parsed(page(translation, staff)).css_first(".behind"))

    assert behind() == ["Febbre"]
    assert "It is not recorded which edition" in shown
    assert not readers_are_told(client)


# Brought up to date ###########################################################


def press(client, article, **changes):
    """Press “Up to date as it is” on the page of the article."""
    form = parsed(page(article, client)).css_first(".behind form")
    sent = {
        field.attributes["name"]: field.attributes["value"]
        for field in form.css("input[type=hidden]")
    }
    return client.post(form.attributes["action"], sent | changes, follow=True)


def save(client, article, **changes):
    """Press “Save, now up to date” below the form."""
    address = reverse("admin:articles_article_change", args=[article.pk])
    sent = fields(page(article, client)) | {"_align": "x"}
    return client.post(address, sent | changes, follow=True)


def records():
    return [
        (
            row.edition and row.edition.number,
            row.original_edition.number,
            row.aligned_by.username,
            row.aligned_at,
        )
        for row in Alignment.objects.order_by("pk")
    ]


@pytest.fixture
def me(client):
    user = factories.UserFactory(username="me")
    client.force_login(user)
    return client


def test_what_needs_no_other_words_is_up_to_date_by_one_click(
    me, practice, original, translation
):
    again(original)
    frozen = list(Edition.objects.values())
    told = readers_are_told(me)

    response = press(me, translation)

    assert told is True
    assert readers_are_told(me) is False
    assert behind() == []
    assert records() == [(1, 2, "me", timezone.now())]
    assert list(Edition.objects.values()) == frozen
    assert "Up to date with edition 2 of the original." in response.text
    assert "me found the translation up to date with edition 2" in response.text


def test_the_click_keeps_a_signature_and_changes_no_state(me, original, translation):
    again(original)
    translation.body += "<p>Altre parole.</p>"
    translation.change_note = "Di più."
    factories.sign(translation)

    press(me, translation)

    translation.refresh_from_db()
    assert translation.state == State.SIGNED
    assert translation.obstacles(Step.PUBLISH, None) == []
    assert translation.publish(by=None).original_edition.number == 2


def test_the_next_content_of_the_original_is_behind_again(
    me, practice, original, translation
):
    again(original)
    press(me, translation)

    again(original)

    assert behind() == ["Febbre"]
    assert readers_are_told(me) is True


def test_a_correction_of_form_keeps_what_was_found(me, practice, original, translation):
    again(original)
    press(me, translation)

    again(translation, Change.FORM)

    assert (behind(), readers_are_told(me)) == ([], False)


def test_new_words_are_saved_as_up_to_date_and_readers_are_told_until_they_see_them(
    me, practice, original, translation
):
    again(original)

    save(me, translation, body="<p>Parole nuove.</p>", change_note="Di più.")

    translation.refresh_from_db()
    told = readers_are_told(me)
    state = text_of(parsed(page(translation, me)).css_first(".state"))
    translation.submit(by=translation.edited_by)
    translation.sign(by=factories.ReviewerFactory())
    translation.publish(by=None)
    assert translation.body == "<p>Parole nuove.</p>"
    assert behind() == []
    assert told is True
    assert "This text is up to date: sign and publish it" in state
    assert records() == [(None, 2, "me", timezone.now())]
    assert readers_are_told(me) is False


def test_saved_as_up_to_date_without_a_change_readers_text_is_so_too(
    me, practice, original, translation
):
    again(original)

    save(me, translation)

    assert records() == [(1, 2, "me", timezone.now())]
    assert readers_are_told(me) is False


def test_while_other_words_are_written_what_readers_see_can_be_found_up_to_date(
    me, practice, original, translation
):
    again(original)
    translation.body += "<p>Altro.</p>"
    translation.written(None)

    press(me, translation)

    assert records() == [(1, 2, "me", timezone.now())]
    assert (behind(), readers_are_told(me)) == ([], False)


def test_what_was_not_looked_at_is_not_found_up_to_date(me, original, translation):
    again(original)
    form = parsed(page(translation, me)).css_first(".behind form")
    sent = {
        field.attributes["name"]: field.attributes["value"]
        for field in form.css("input[type=hidden]")
    }

    again(original)
    newer_original = me.post(form.attributes["action"], sent, follow=True)
    Article.objects.filter(pk=translation.pk).update(version=99)
    newer_text = press(me, translation, version="98")

    for response in (newer_original, newer_text):
        assert "Nothing was done" in response.text
    assert records() == []


def test_an_edition_that_begins_meanwhile_is_not_found_up_to_date_unread(
    me, original, translation
):
    translation.body += "<p>Altro.</p>"
    translation.written(None)
    factories.publish(translation, at=timezone.now() + timedelta(minutes=10))
    again(original)
    form = parsed(page(translation, me)).css_first(".behind form")
    sent = {
        field.attributes["name"]: field.attributes["value"]
        for field in form.css("input[type=hidden]")
    }

    with time_machine.travel(timezone.now() + timedelta(minutes=15), tick=False):
        answer = me.post(form.attributes["action"], sent, follow=True)

    assert "Nothing was done" in answer.text
    assert records() == []


def test_the_second_click_records_nothing(me, original, translation):
    again(original)
    form = parsed(page(translation, me)).css_first(".behind form")
    sent = {
        field.attributes["name"]: field.attributes["value"]
        for field in form.css("input[type=hidden]")
    }

    for _click in range(2):
        me.post(form.attributes["action"], sent)

    assert len(records()) == 1


@pytest.mark.parametrize(("role", "status"), [("writer", 302), ("manager", 403)])
def test_who_may_not_write_articles_finds_none_up_to_date(
    original, translation, role, status
):
    again(original)
    client = signed_in(account(role))

    response = client.post(
        reverse("admin:articles_article_align", args=[translation.pk]),
        {"version": translation.standing(), "original_number": "2"},
    )

    assert response.status_code == status
    assert Alignment.objects.count() == (status == 302)


def test_only_a_translation_is_up_to_date_and_only_with_its_own_original(
    original, translation
):
    other = factories.publish(factories.ArticleFactory())

    for article, edition in ((original, other), (translation, other)):
        with pytest.raises(ValidationError):
            article.align(edition, by=None)

    assert Alignment.objects.count() == 0


def test_what_was_found_is_in_the_history(me, original, translation):
    again(original)
    press(me, translation)

    shown = me.get(reverse("admin:articles_article_history", args=[translation.pk]))

    assert "me, Up to date with edition 2 of the original." in shown.text


def test_an_old_text_that_comes_back_is_as_old_as_it_was(original, translation):
    newer = again(original)
    old = history.of_edition(translation.editions.get())
    translation.refresh_from_db()
    translation.align(newer, by=None)
    before = behind()

    content = history.restorable(old, translation)
    translation.restore(content, old.sources, by=account("writer"))

    assert (before, behind()) == ([], ["Febbre"])


def test_a_draft_that_was_found_up_to_date_can_be_deleted(me, original):
    article, _is_new = original.translate("it", by=account("writer"))
    article.align(again(original), by=None)

    response = me.post(
        reverse("admin:articles_article_delete", args=[article.pk]), {"post": "yes"}
    )

    assert response.status_code == 302
    assert (original.translations.count(), Alignment.objects.count()) == (0, 0)


def test_a_text_in_three_languages_follows_one_original(settings, original):
    settings.LANGUAGES = [*settings.LANGUAGES, ("de", "German")]
    by = account("writer")
    italian, _is_new = original.translate("it", by=by)
    german, _is_new = italian.translate("de", by=by)

    with override("en"):
        told = [
            (version.name, version.article, version.is_original)
            for version in german.versions()
        ]

    assert german.translation_of == original
    assert told == [
        ("English", original, True),
        ("Italian", italian, False),
        ("German", german, False),
    ]

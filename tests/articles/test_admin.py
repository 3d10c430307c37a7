"""Articles at the desk: write, look, sign, publish, withdraw; and nothing lost."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone
from reversion.models import Version

from articles.models import Article, Edition, Source, State
from clinic.models import Picture
from tests import factories
from tests.clinic.test_admin import (
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
ALL = [
    *WRITER, "change_source", "delete_source", "delete_article", "publish_article",
    "sign_article",
]  # fmt: skip
TOKEN = "csrfmiddlewaretoken"
CONFLICT = "Somebody else has saved this article in the meantime."
TOO_LATE = (
    "Nothing was done: the article has changed after you opened this page. Please look "
    "at it once more."
)
UNSIGNED = "It is not signed: a doctor has to sign it first."
# Every page that asks before a step.
STEPS = ["submit", "return", "sign", "publish", "withdraw", "call-off", "review"]


def page_of(article, step="change"):
    return f"/admin/articles/article/{article.pk}/{step}/"


def draft(client, article, **changes):
    """Change the article in its form and press “Save draft”."""
    return save(client, page_of(article), button="_continue", **changes)


def buttons(response):
    """What the row of buttons below the form offers."""
    row = parsed(response).css(".submit-row input, .submit-row a, .submit-row button")
    return [button.attributes.get("value") or button.text() for button in row]


def refused(response):
    """What stands against a step, on a page that offers nothing but the way back."""
    assert parsed(response).css("#content form") == []
    assert buttons(response) == ["Back to editing"]
    return errors(response)


def answer(client, article, step, **changes):
    """Open the question of a step and answer it."""
    sent = fields(client.get(page_of(article, step))) | changes
    return client.post(page_of(article, step), sent, follow=True)


def confirmed(article, **changes):
    """What the question of any step sends for the article as it is now."""
    seen = Article.objects.get(pk=article.pk).standing()
    return {"version": seen, "when": "now"} | changes


def signed_article(**kwargs):
    article = factories.ArticleFactory(**kwargs)
    factories.sign(article)
    return article


def published_article(**kwargs):
    return factories.publish(factories.ArticleFactory(**kwargs)).article


def withdrawn_article():
    article = published_article()
    article.withdraw()
    return article


def a_doctor_who_may(*permissions):
    return somebody_who_may(*permissions, doctor=factories.DoctorFactory())


@pytest.fixture
def doctor(client, db):
    """A client in which a doctor is signed in who may do everything."""
    client.force_login(factories.ReviewerFactory())
    return client


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
    factories.publish(article)

    response = draft(staff, article, title="As typed since")

    assert said(response) == ["Saved. Readers still see the edition published before."]
    assert Edition.objects.live().get().title == "As published"
    state = parsed(response).css_first(".state").text()
    assert "This text has changed since" in state


def test_saving_the_untouched_form_changes_nothing(staff):
    article = factories.ArticleFactory(key_phrases="one\ntwo")
    factories.SourceFactory(article=article, doi="10.1234/x", pmid="1")
    edition = factories.publish(article)
    before = Article.objects.get()
    saves = Version.objects.count()

    draft(staff, article)

    after = Article.objects.get()
    assert after.differs_from(edition) is False
    assert (after.state, after.version) == (State.PUBLISHED, before.version + 1)
    assert (after.edited_by, after.edited_at) == (before.edited_by, before.edited_at)
    assert Version.objects.count() == saves


def test_a_save_that_changes_nothing_leaves_no_line_in_the_history(staff):
    article = factories.ArticleFactory(key_phrases="one\ntwo", summary="One.\nTwo.")

    # As browsers send the ends of lines.
    draft(staff, article, key_phrases="one\r\ntwo", summary="One.\r\nTwo.")

    assert list(LogEntry.objects.all()) == []


def test_saving_the_untouched_form_keeps_the_signature(staff):
    article = signed_article(key_phrases="one\ntwo")
    factories.SourceFactory(article=article)
    signer = factories.sign(article)

    draft(staff, article)

    assert (Article.objects.get().state, Article.objects.get().signed_by) == (
        State.SIGNED,
        signer,
    )


def change_title(client, article):
    draft(client, article, title="Another")


def add_one_source(client, article):
    draft(client, article, **rows("sources", {"title": "New", "position": "0"}))


@pytest.mark.parametrize("write", [change_title, add_one_source])
def test_a_signature_is_void_once_the_text_changes(doctor, write):
    article = signed_article()

    write(doctor, article)

    saved = Article.objects.get()
    assert (saved.state, saved.signed_by, saved.signed_at, saved.signed_content) == (
        State.DRAFT, None, None, "",
    )  # fmt: skip
    assert refused(doctor.get(page_of(article, "publish"))) == [UNSIGNED]


def test_who_wrote_last_is_noted_and_every_save_is_kept(staff):
    article = factories.ArticleFactory(title="Before")

    response = draft(staff, article, title="After")

    saved = Article.objects.get()
    save_kept = Version.objects.get_for_object(saved).get()
    assert saved.edited_by == response.context["user"]
    assert save_kept.field_dict["title"] == "After"
    assert save_kept.revision.user == response.context["user"]


@pytest.mark.parametrize(
    ("button", "step"),
    [("_preview", "preview"), ("_submit", "submit"), ("_sign", "sign")],
)
def test_the_other_buttons_save_and_go_on(doctor, button, step):
    article = factories.ArticleFactory()

    response = save(doctor, page_of(article), button=button, title="Saved first")

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


EVIL = "<script>alert(1)</script>"


def test_a_hostile_title_is_shown_as_text(doctor):
    fresh, signed, live = (
        make(title=EVIL, summary=EVIL)
        for make in (factories.ArticleFactory, signed_article, published_article)
    )
    pages = {
        fresh: ["change", "preview", "submit", "sign", "history", "delete"],
        signed: ["change", "return", "publish"],
        live: ["change", "review", "withdraw", "history"],
    }

    for article, steps in pages.items():
        for step in steps:
            page = doctor.get(page_of(article, step)).text
            assert EVIL not in page, step
            assert "&lt;script&gt;alert(1)" in page, step
    assert EVIL not in doctor.get(LIST).text
    assert EVIL not in answer(doctor, signed, "publish").text
    assert EVIL not in answer(doctor, signed, "withdraw").text
    assert EVIL not in answer(doctor, fresh, "sign").text


def test_fields_that_are_not_in_the_form_are_ignored(staff):
    article = factories.ArticleFactory()
    edition = factories.publish(article)
    before = Article.objects.values().get()
    now = timezone.now() + timedelta(days=9)
    forged = {
        "version": "77",
        "state": "SIGNED",
        "step_note": "Forged",
        "step_by": "1",
        "step_at": now,
        "edited_by": "1",
        "edited_at": now,
        "submitted_by": "1",
        "signed_by": "1",
        "signed_at": now,
        "signed_content": article.fingerprint(),
        "first_review_date": "2099-01-01",
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

    after = Article.objects.values().get()
    assert after.pop("updated_at") < now
    assert after.pop("version") == before.pop("version") + 1
    del before["updated_at"]
    assert after == before
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
    factories.publish(article)
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


@pytest.mark.parametrize("step", ["preview", *STEPS])
def test_steps_of_an_article_that_is_not_there_are_not_found(staff, step):
    assert staff.get(f"/admin/articles/article/99/{step}/").status_code == 404


# Signing #####################################################################


def test_signing_asks_first(doctor):
    article = factories.ArticleFactory(title="Fever")

    response = doctor.get(page_of(article, "sign"))

    page = parsed(response)
    assert page.css_first("h1").text() == "Sign this article?"
    assert page.css_first("dl.facts dd").text() == "Fever"
    assert buttons(response) == [
        "Sign", "Sign and go on to publishing…", "Preview", "Back to editing",
    ]  # fmt: skip
    assert Article.objects.get().state == State.DRAFT


def test_the_answer_signs_the_text_as_it_is(doctor):
    article = factories.ArticleFactory()

    response = answer(doctor, article, "sign")

    signed = Article.objects.get()
    assert response.redirect_chain == [(page_of(article), 302)]
    assert said(response) == ["Signed. Readers see it once it is published."]
    assert (signed.state, signed.signed_by) == (
        State.SIGNED,
        response.context["user"],
    )
    assert signed.signed_content == signed.fingerprint()
    assert Edition.objects.count() == 0


def test_who_signs_may_go_on_to_publishing(doctor):
    article = factories.ArticleFactory()

    response = answer(doctor, article, "sign", _publish="1")

    assert response.redirect_chain == [(page_of(article, "publish"), 302)]
    assert buttons(response) == ["Publish", "Preview", "Back to editing"]
    assert Edition.objects.count() == 0


def test_who_may_sign_but_not_publish_is_not_led_to_publishing():
    article = factories.ArticleFactory()
    client = a_doctor_who_may("change_article", "sign_article")

    response = client.get(page_of(article, "sign"))

    assert buttons(response) == ["Sign", "Preview", "Back to editing"]


def test_an_account_without_a_doctor_signs_nothing(staff):
    article = factories.ArticleFactory()

    asked = staff.get(page_of(article, "sign"))
    sent = staff.post(page_of(article, "sign"), confirmed(article))

    for response in (asked, sent):
        assert refused(response) == [
            "Only a doctor signs, and your account is not linked to one. Whoever "
            "manages the accounts can link it."
        ]
    assert Article.objects.get().state == State.DRAFT


def article_with_every_problem():
    """An article that lacks everything, and stands where another one has stood."""
    published_article(slug="taken", title="The other")
    Article.objects.update(slug="moved")
    return factories.ArticleFactory(
        summary="", body="", topic=None, author=None, slug="taken", picture=picture()
    )


PROBLEMS = [
    "The summary is empty.",
    "The text is empty.",
    "No topic is chosen.",
    "No author is chosen: a doctor has to sign.",
    "The picture has no description and is not marked decorative.",
    "“The other” has stood at this address: whoever kept a link to it would find "
    "another page. Please change the address here.",
]


@pytest.mark.parametrize(
    ("step", "obstacles"),
    [
        ("sign", PROBLEMS),
        ("publish", [UNSIGNED, *PROBLEMS]),
    ],
)
def test_every_problem_is_listed_and_nothing_done(doctor, step, obstacles):
    article = article_with_every_problem()
    edition = Edition.objects.get()
    before = Article.objects.values().get(pk=article.pk)

    asked = doctor.get(page_of(article, step))
    sent = doctor.post(page_of(article, step), confirmed(article))

    for response in (asked, sent):
        assert refused(response) == obstacles
    assert Article.objects.values().get(pk=article.pk) == before
    assert list(Edition.objects.all()) == [edition]


def test_what_was_saved_after_the_question_is_asked_again(doctor):
    article = factories.ArticleFactory()
    asked = fields(doctor.get(page_of(article, "sign")))
    draft(doctor, article, title="Saved meanwhile")

    response = doctor.post(page_of(article, "sign"), asked, follow=True)

    assert response.redirect_chain == [(page_of(article, "sign"), 302)]
    assert said(response) == [TOO_LATE]
    assert "Saved meanwhile" in response.text
    assert Article.objects.get().state == State.DRAFT


# Publishing ##################################################################


def test_publishing_asks_first(staff):
    article = signed_article(title="Fever")

    response = staff.get(page_of(article, "publish"))

    page = parsed(response)
    assert page.css_first("h1").text() == "Publish this article?"
    assert buttons(response) == ["Publish", "Preview", "Back to editing"]
    assert page.css_first("dl.facts dd").text() == "Fever"
    assert fields(response)["when"] == "now"
    assert Edition.objects.count() == 0


def test_what_is_not_signed_is_not_published(doctor):
    article = factories.ArticleFactory()

    asked = doctor.get(page_of(article, "publish"))
    sent = doctor.post(page_of(article, "publish"), confirmed(article))

    for response in (asked, sent):
        assert refused(response) == [UNSIGNED]
    assert Edition.objects.count() == 0


def test_the_answer_publishes_and_says_so_with_a_link(staff):
    article = signed_article(title="Fever", slug="fever")
    signer = Article.objects.get().signed_by

    response = answer(staff, article, "publish")

    edition = Edition.objects.live().get()
    assert response.redirect_chain == [(page_of(article), 302)]
    assert said(response) == ['Article published: <a href="/articles/fever/">Fever</a>']
    assert (edition.article, edition.number) == (article, 1)
    assert edition.published_by == response.context["user"]
    assert edition.signed_by == signer
    assert staff.get("/articles/fever/").status_code == 200
    history = parsed(staff.get(page_of(article, "history")))
    assert f"{response.context['user']}, Publish" in history.css(".log")[-1].text()


@time_machine.travel(datetime(2026, 6, 8, 12, tzinfo=UTC), tick=False)
def test_an_edition_is_planned_by_the_clock_of_the_practice(staff):
    article = signed_article(title="Fever", slug="fever")
    later = {"when": "later", "moment": "2026-06-09T08:30"}

    response = answer(staff, article, "publish", **later)

    edition = Edition.objects.get()
    assert said(response) == [
        "Readers see edition 1 of “Fever” from 9 June 2026, 8:30 on."
    ]
    assert edition.live_from == datetime(2026, 6, 9, 6, 30, tzinfo=UTC)
    assert list(Edition.objects.live()) == []
    assert staff.get("/articles/fever/").status_code == 404
    history = parsed(staff.get(page_of(article, "history"))).css(".log")[-1].text()
    assert "Publish: 9 June 2026, 8:30" in history


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"when": None}, "Please choose when."),
        ({"when": "later"}, "Please type the day and the time."),
        (
            {"when": "later", "moment": "2026-06-08T13:59"},
            "This time has passed. Leave it empty to do it now, or choose a later one.",
        ),
        (
            {"when": "now", "moment": "2026-06-09T08:30"},
            "There is a time as well. Please choose “at a chosen time”, or empty the "
            "time.",
        ),
        (
            {"when": "later", "moment": "2027-03-28T02:30"},
            "On 28 March 2027 the clocks go forward from 2:00 to 3:00: 2:30 does not "
            "exist. Please choose 3:00 or later.",
        ),
        (
            {"when": "later", "moment": "2026-10-25T02:30"},
            "On 25 October 2026 the clocks go back from 3:00 to 2:00: 2:30 comes "
            "twice. Please choose below which of the two you mean.",
        ),
    ],
)
@pytest.mark.parametrize(
    ("make", "step"), [(signed_article, "publish"), (published_article, "withdraw")]
)
def test_a_moment_that_is_none_is_refused_with_a_sentence(
    staff, make, step, typed, sentence
):
    with time_machine.travel(datetime(2026, 6, 8, 12, tzinfo=UTC), tick=False):
        article = make()
        before = list(Edition.objects.values())
        sent = confirmed(article) | typed

        response = staff.post(
            page_of(article, step), {k: v for k, v in sent.items() if v is not None}
        )

    assert errors(response) == [sentence]
    assert fields(response).get("when") == typed["when"]
    assert fields(response)["moment"] == typed.get("moment", "")
    assert list(Edition.objects.values()) == before


@time_machine.travel(datetime(2026, 6, 8, 12, tzinfo=UTC), tick=False)
@pytest.mark.parametrize(("occurrence", "hour"), [("1", 0), ("2", 1)])
def test_of_an_hour_that_comes_twice_one_is_chosen(staff, occurrence, hour):
    article = signed_article()
    twice = {"when": "later", "moment": "2026-10-25T02:30", "occurrence": occurrence}

    answer(staff, article, "publish", **twice)

    moment = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    assert Edition.objects.get().live_from == moment


def test_what_was_saved_after_its_signature_was_confirmed_is_not_published(doctor):
    article = signed_article()
    asked = fields(doctor.get(page_of(article, "publish")))
    draft(doctor, article, title="Saved meanwhile")

    response = doctor.post(page_of(article, "publish"), asked, follow=True)

    assert response.redirect_chain == [(page_of(article), 302)]
    assert said(response) == [TOO_LATE]
    assert Edition.objects.count() == 0

    answer(doctor, article, "sign")
    answer(doctor, article, "publish")

    assert Edition.objects.get().title == "Saved meanwhile"


def test_r19_a_second_click_publishes_nothing_more(staff):
    article = signed_article()
    asked = fields(staff.get(page_of(article, "publish")))

    staff.post(page_of(article, "publish"), asked)
    again = staff.post(page_of(article, "publish"), asked, follow=True)

    assert said(again)[-1] == TOO_LATE
    assert again.redirect_chain == [(page_of(article), 302)]
    assert Edition.objects.count() == 1


@pytest.mark.parametrize("version", [None, "", "0", "x", "99"])
def test_publishing_without_the_version_is_asked_again(staff, version):
    article = signed_article()
    sent = {"when": "now"} | ({} if version is None else {"version": version})

    response = staff.post(page_of(article, "publish"), sent, follow=True)

    assert response.redirect_chain == [(page_of(article, "publish"), 302)]
    assert said(response) == [TOO_LATE]
    assert Edition.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("CONTENT", "It is a change of content: readers are told “updated”."),
        (
            "FORM",
            "It is a correction of form: readers are not told “updated”, and the date "
            "of the last review stays.",
        ),
    ],
)
def test_the_question_says_what_is_different_for_readers(doctor, kind, sentence):
    article = published_article(title="Before")
    note = "Clearer words."
    draft(doctor, article, title="After", change_kind=kind, change_note=note)
    answer(doctor, article, "sign")

    page = parsed(doctor.get(page_of(article, "publish")))

    words = " ".join(page.css_first("#content").text().split())
    assert "It replaces edition 1, which is kept." in words
    assert sentence in words
    assert f": {note}" in page.css("dl.facts dd")[-1].text()
    assert "What is different from edition 1" in words
    changes = page.css_first(".step__changes")
    assert changes.css_first("del").text() == "deleted: Before end"
    assert changes.css_first("ins").text() == "inserted: After end"


def test_a_change_of_content_says_what_has_changed(doctor):
    article = published_article()
    draft(doctor, article, title="Another")

    response = doctor.get(page_of(article, "sign"))

    assert refused(response) == [
        "Please say in one sentence what has changed for readers, or mark the change "
        "as a correction of form."
    ]


def test_what_has_not_changed_waits_for_no_signature(doctor):
    article = published_article()

    answers = [doctor.get(page_of(article, step)) for step in ("submit", "sign")]

    for response in answers:
        assert refused(response) == ["Nothing has changed since it was published."]


def test_what_has_changed_is_asked_only_where_readers_know_an_earlier_text(staff):
    new, fresh = staff.get(ADD), staff.get(page_of(factories.ArticleFactory()))
    known = staff.get(page_of(published_article()))

    asked = {"change_kind", "change_note"}
    assert asked & (fields(new).keys() | fields(fresh).keys()) == set()
    assert {name: fields(known)[name] for name in asked} == {
        "change_kind": "CONTENT",
        "change_note": "",
    }


# Withdrawing #################################################################


def test_withdrawing_asks_first(staff):
    article = published_article(title="Fever")

    response = staff.get(page_of(article, "withdraw"))

    assert parsed(response).css_first("h1").text() == "Withdraw this article?"
    assert buttons(response) == ["Withdraw", "Back to editing"]
    assert fields(response)["when"] == "now"
    assert article.current_edition() == Edition.objects.get()


def test_the_answer_withdraws_and_says_so(staff):
    article = published_article(title="Fever", slug="fever")

    response = answer(staff, article, "withdraw", note="No longer given.")

    assert said(response) == ["Article withdrawn: “Fever”. Its address now says so."]
    assert article.current_edition() is None
    gone = staff.get("/articles/fever/")
    assert gone.status_code == 410
    assert "No longer given." in gone.text
    assert "Withdrawn." in parsed(response).css_first(".state").text()
    history = parsed(staff.get(page_of(article, "history"))).css(".log")[-1].text()
    assert "Withdraw: No longer given." in history


@time_machine.travel(datetime(2026, 6, 8, 12, tzinfo=UTC), tick=False)
def test_a_withdrawal_is_planned_and_called_off(staff):
    article = published_article(title="Fever")
    later = {"when": "later", "moment": "2026-06-09T08:30", "note": "Forbidden soon."}

    planned = answer(staff, article, "withdraw", **later)

    assert said(planned) == ["“Fever” will be withdrawn on 9 June 2026, 8:30."]
    edition = article.current_edition()
    assert edition.live_until == datetime(2026, 6, 9, 6, 30, tzinfo=UTC)
    assert edition.withdrawal_note == "Forbidden soon."

    called_off = answer(staff, article, "call-off")

    assert said(called_off) == ["Called off. Readers go on seeing what they see now."]
    edition = article.current_edition()
    assert (edition.live_until, edition.withdrawal_note) == (None, "")


def test_what_is_not_published_is_not_withdrawn(staff):
    article = factories.ArticleFactory()

    asked = staff.get(page_of(article, "withdraw"))
    sent = staff.post(page_of(article, "withdraw"), confirmed(article))

    for response in (asked, sent):
        assert refused(response) == ["The article is not published."]


def test_r19_a_second_click_withdraws_nothing_more(staff):
    article = published_article()
    asked = fields(staff.get(page_of(article, "withdraw")))
    staff.post(page_of(article, "withdraw"), asked)
    ended = Edition.objects.get().live_until

    again = staff.post(page_of(article, "withdraw"), asked, follow=True)

    assert said(again)[-1] == TOO_LATE
    assert Edition.objects.get().live_until == ended


# Who may do what #############################################################


def submitted_article():
    article = factories.ArticleFactory()
    article.submit(by=factories.UserFactory())
    return article


def planned_article():
    article = signed_article()
    article.publish(by=None, at=timezone.now() + timedelta(days=1))
    return article


SAVE = ["Save draft", "Save and preview"]


@pytest.mark.parametrize(
    ("make", "state", "offered"),
    [
        (
            factories.ArticleFactory,
            "Draft.",
            [*SAVE, "Send for review…", "Sign…", "Delete"],
        ),
        (
            submitted_article,
            "Draft. Sent for review.",
            [*SAVE, "Sign…", "Send back…", "Delete"],
        ),
        (
            signed_article,
            "Draft. Signed.",
            [*SAVE, "Publish…", "Send back…", "Delete"],
        ),
        (
            planned_article,
            "Planned:",
            [*SAVE, "Send for review…", "Sign…", "Call off what is planned…",
             "Withdraw…"],
        ),
        (
            published_article,
            "Published. Reviewed.",
            [*SAVE, "Send for review…", "Sign…", "Review…", "Withdraw…"],
        ),
        (
            withdrawn_article,
            "Withdrawn.",
            [*SAVE, "Send for review…", "Sign…", "Say what replaces it…"],
        ),
    ],
)  # fmt: skip
def test_the_buttons_follow_the_state(make, state, offered):
    client = a_doctor_who_may(*ALL)

    response = client.get(page_of(make()))

    assert buttons(response) == offered
    told = parsed(response).css(".state strong")
    assert " ".join(strong.text() for strong in told) == state


def test_the_buttons_follow_the_permission():
    article = published_article()

    writer = somebody_who_may(*WRITER).get(page_of(article))
    publisher = somebody_who_may(*WRITER, "publish_article").get(page_of(article))
    reader = somebody_who_may("view_article").get(page_of(article))
    new = somebody_who_may(*WRITER).get(ADD)

    assert buttons(writer) == [*SAVE, "Send for review…"]
    assert buttons(publisher) == [*SAVE, "Send for review…", "Withdraw…"]
    assert buttons(reader) == []
    assert buttons(new) == [*SAVE, "Send for review…"]


def test_who_signs_is_a_doctor_with_the_permission():
    article = factories.ArticleFactory()

    allowed = a_doctor_who_may(*WRITER, "sign_article").get(page_of(article))
    no_doctor = somebody_who_may(*WRITER, "sign_article").get(page_of(article))
    no_permission = a_doctor_who_may(*WRITER).get(page_of(article))

    assert buttons(allowed) == [*SAVE, "Send for review…", "Sign…"]
    assert buttons(no_doctor) == [*SAVE, "Send for review…"]
    assert buttons(no_permission) == [*SAVE, "Send for review…"]


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
    factories.publish(article)
    draft(staff, article, slug="typed-since")

    page = parsed(staff.get(page_of(article)))

    links = [link.attributes["href"] for link in page.css(".viewsitelink, .state a")]
    assert links == ["/articles/published/"]


@pytest.mark.parametrize(
    "permissions", [WRITER, ["publish_article", "sign_article"], ["view_practice"]]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_step_needs_its_permission_and_that_to_see_articles(permissions, method):
    fresh, signed, live = (
        factories.ArticleFactory(), signed_article(), published_article()
    )  # fmt: skip
    steps = [
        (fresh, "sign"), (signed, "return"), (signed, "publish"), (live, "withdraw"),
        (live, "review"), (live, "call-off"),
    ]  # fmt: skip
    client = a_doctor_who_may(*permissions)
    before = list(Article.objects.values()), list(Edition.objects.values())

    answers = [
        getattr(client, method)(
            page_of(article, step), confirmed(article, outcome="CORRECT", note="x")
        )
        for article, step in steps
    ]

    assert [answer.status_code for answer in answers] == [403] * len(steps)
    assert (list(Article.objects.values()), list(Edition.objects.values())) == before


@pytest.mark.parametrize("button", ["_sign", "_publish", "_withdraw"])
def test_pressing_a_button_that_was_never_shown_does_nothing(button):
    article = factories.ArticleFactory()
    client = somebody_who_may(*WRITER)

    save(client, page_of(article), button=button, title="Saved")

    saved = Article.objects.get()
    assert (saved.title, saved.state) == ("Saved", State.DRAFT)
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
    "step", [
        "change", "preview", "history", "delete", "compare", "restore/edition-1",
        *STEPS,
    ]
)  # fmt: skip
@pytest.mark.parametrize("method", ["get", "post"])
def test_visitors_are_sent_to_the_door(client, step, method):
    address = page_of(published_article(), step)

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


@pytest.mark.parametrize("step", ["change", "restore/edition-1", *STEPS])
def test_a_forged_request_from_elsewhere_is_refused(doctor, step):
    article = published_article()
    before = list(Article.objects.values()), list(Edition.objects.values())
    doctor.handler.enforce_csrf_checks = True
    forged = confirmed(article, title="Forged", outcome="CHANGES", note="Forged")

    response = doctor.post(page_of(article, step), forged)

    assert response.status_code == 403
    assert (list(Article.objects.values()), list(Edition.objects.values())) == before


# Deleting ####################################################################


def delete_in_list(client, *articles):
    """Tick the articles in the list and confirm their deletion."""
    ticked = [article.pk for article in articles]
    return client.post(
        LIST,
        {"action": "delete_selected", "_selected_action": ticked, "post": "yes"},
    )


@pytest.mark.parametrize(
    "make",
    [published_article, withdrawn_article, planned_article],
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
    factories.publish(article)

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
    factories.publish(live)
    factories.publish(live)
    withdrawn = withdrawn_article()
    return {
        "never published": factories.ArticleFactory(),
        "published": live,
        "withdrawn": withdrawn,
    }


def test_the_list_says_the_state_of_each_article(staff, three_states):
    page = parsed(staff.get(LIST))

    shown = {
        row.css_first(".field-title a").text(): row.css_first(
            ".field-state_in_words"
        ).text()
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
    published_article()

    for account in (
        "editions__published_by", "editions__signed_by", "edited_by", "signed_by",
        "step_by", "submitted_by", "reviews__reviewer",
    ):  # fmt: skip
        response = staff.get(LIST, {f"{account}__password__startswith": "a"})

        assert response.status_code == 400, account


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


def test_r19_the_second_of_two_people_overwrites_nothing_and_loses_nothing():
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


OVERWRITE = "Save my text in place of theirs"


def refused_as_second(article):
    """Two people have the form open; return the second one and the refusal."""
    first, second = somebody_who_may(*ALL), somebody_who_may(*ALL)
    typed = fields(second.get(page_of(article))) | {"title": "Second"}
    draft(first, article, title="First")
    return second, second.post(page_of(article), typed | {"_continue": "1"})


def test_the_refusal_shows_both_texts_and_offers_to_save_the_own_one():
    article = factories.ArticleFactory(title="Before")

    _second, refusal = refused_as_second(article)

    conflict = parsed(refusal).css_first(".conflict")
    assert conflict.css_first("h2").text() == "Two texts"
    assert conflict.css_first("del").text() == "deleted: First end"
    assert conflict.css_first("ins").text() == "inserted: Second end"
    assert len(conflict.css(".comparison")) == 1  # the rest is the same
    version = str(Article.objects.get().version)
    assert buttons(refusal)[-2:] == [version, "Delete"]
    assert parsed(refusal).css_first("[name=overwrite]").text() == OVERWRITE


def test_who_has_seen_both_texts_may_save_the_own_one_and_theirs_is_kept():
    article = factories.ArticleFactory(title="Before")
    second, refusal = refused_as_second(article)
    overwrite = {"overwrite": str(Article.objects.get().version)}

    second.post(page_of(article), fields(refusal) | overwrite)

    assert Article.objects.get().title == "Second"
    kept = [v.field_dict["title"] for v in Version.objects.get_for_object(article)]
    assert kept == ["Second", "First"]


def opened_before(article, change):
    """Two people have the form open; the first changes rows, the second is refused."""
    second = somebody_who_may(*ALL)
    opened = fields(second.get(page_of(article))) | {"title": "Second"}
    colleague = somebody_who_may(*ALL)
    change(colleague, article)
    return second, second.post(page_of(article), opened | {"_continue": "1"})


def add_one(colleague, article):
    draft(
        colleague,
        article,
        **rows("sources", {"title": "Theirs", "position": "2"}, first=2),
    )


def delete_first(colleague, article):
    draft(colleague, article, **{"sources-0-DELETE": "on"})


def make_anew(colleague, article):
    article.refresh_from_db()
    article.restore({}, article.sources_as_list(), by=factories.UserFactory())


@pytest.mark.parametrize("change", [add_one, delete_first, make_anew])
def test_an_overwritten_article_has_the_sources_that_were_typed(change):
    article = factories.ArticleFactory(title="Before")
    for position, title in enumerate(["One", "Two"]):
        factories.SourceFactory(article=article, title=title, position=position)
    second, refusal = opened_before(article, change)
    overwrite = {"overwrite": str(Article.objects.get().version)}

    answer = second.post(page_of(article), fields(refusal) | overwrite)

    assert answer.status_code == 302
    assert Article.objects.get().title == "Second"
    kept = [source.title for source in article.sources.order_by("position")]
    assert kept == ["One", "Two"]


def test_an_overwrite_that_is_refused_deletes_nothing_and_can_be_mended():
    article = factories.ArticleFactory(title="Before")
    for title in ("One", "Two"):
        factories.SourceFactory(article=article, title=title)
    second, refusal = opened_before(article, add_one)
    overwrite = {"overwrite": str(Article.objects.get().version)}

    again = second.post(page_of(article), fields(refusal) | overwrite | {"title": ""})
    kept = sorted(article.sources.values_list("title", flat=True))
    second.post(page_of(article), fields(again) | overwrite | {"title": "Mended"})

    assert kept == ["One", "Theirs", "Two"]
    assert Article.objects.get().title == "Mended"
    assert sorted(article.sources.values_list("title", flat=True)) == ["One", "Two"]


def test_a_related_article_that_a_colleague_added_stays():
    article, other = factories.ArticleFactory(), factories.ArticleFactory()
    second, refusal = opened_before(
        article,
        lambda colleague, article: draft(
            colleague, article, **rows("chosen", {"other": other.pk, "position": "0"})
        ),
    )
    overwrite = {"overwrite": str(now(article).version)}

    second.post(page_of(article), fields(refusal) | overwrite)

    assert now(article).title == "Second"
    assert [row.other for row in article.chosen.all()] == [other]


def test_a_related_article_that_is_gone_is_no_silent_refusal(staff):
    article, other = factories.ArticleFactory(), factories.ArticleFactory()
    article.chosen.create(other=other)
    opened = fields(staff.get(page_of(article)))
    other.delete()

    refused = staff.post(page_of(article), opened | {"_continue": "1"})
    mended = fields(refused) | {"chosen-0-DELETE": "on", "_continue": "1"}
    saved = staff.post(page_of(article), mended | {"title": "Mended"})

    assert any("valid choice" in sentence for sentence in errors(refused))
    assert saved.status_code == 302
    assert now(article).title == "Mended"


def now(article):
    return Article.objects.get(pk=article.pk)


def test_r19_who_has_not_seen_the_newest_text_does_not_overwrite_it():
    article = factories.ArticleFactory(title="Before")
    second, refusal = refused_as_second(article)
    seen = {"overwrite": str(Article.objects.get().version)}
    draft(somebody_who_may(*ALL), article, title="Third")

    again = second.post(page_of(article), fields(refusal) | seen)

    assert errors(again)[0].startswith(CONFLICT)
    assert parsed(again).css_first(".conflict del").text() == "deleted: Third end"
    assert fields(again)["title"] == "Second"
    assert Article.objects.get().title == "Third"


def test_r19_a_step_of_a_colleague_refuses_the_form_that_was_open_before(doctor):
    article = factories.ArticleFactory(title="Before")
    typed = fields(doctor.get(page_of(article))) | {"title": "Typed"}
    factories.sign(article)

    response = doctor.post(page_of(article), typed | {"_continue": "1"})

    assert errors(response)[0].startswith(CONFLICT)
    assert (Article.objects.get().title, Article.objects.get().state) == (
        "Before",
        State.SIGNED,
    )


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
def test_every_field_has_a_name(doctor, language):
    article, live = factories.SourceFactory().article, published_article()
    sent, signed, planned = submitted_article(), signed_article(), planned_article()
    Article.objects.filter(pk=live.pk).update(state=State.DRAFT)
    doctor.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    for address in (
        ADD,
        LIST,
        page_of(article),
        page_of(article, "submit"),
        page_of(article, "sign"),
        page_of(sent, "return"),
        page_of(signed, "publish"),
        page_of(planned, "call-off"),
        page_of(live),
        page_of(live, "review"),
        page_of(live, "withdraw"),
        page_of(live, "history"),
        page_of(live, "restore/edition-1"),
    ):
        page = doctor.get(address)
        assert len(parsed(page).css("#content input")) > 0, address
        assert unnamed(page) == [], address


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


@pytest.mark.parametrize("codename", ["publish_article", "sign_article"])
def test_publishing_and_signing_are_permissions_of_their_own(codename):
    found = Permission.objects.get(codename=codename)

    assert found.content_type.app_label == "articles"

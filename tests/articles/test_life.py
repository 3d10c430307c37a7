"""The life of an article in the models: its rules, its verbs, its signature.

What is allowed stands in the tables of tests/articles/test_steps.py.
"""

from datetime import UTC, date, datetime
from itertools import pairwise, product

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from reversion.models import Version

from articles.models import Article, Change, Edition, Review, Source, State, Step
from articles.models.review import months_later, spread
from clinic.models import Practice
from tests import factories
from tests.articles.test_steps import (
    BEFORE,
    COMBINATIONS,
    FOUR_EYES,
    REASONS,
    ROLES,
    STATES,
    STEPS,
    WHO,
    a_picture,
    account_of,
    after,
    against,
    by,
    everything,
    in_days,
    made,
    stands,
    undone,
)
from tests.clinic.test_roles import account, doctor_account

pytestmark = pytest.mark.django_db

derandomised = settings(deadline=None, derandomize=True, database=None)

FORBIDDEN = "Your account may not do this."
TAMPERED = (
    "The text is no longer the one that was signed. Please send it back and have it "
    "signed again."
)
# Whether it is one's own text, and whether the practice asks for four eyes. What was
# written by somebody else comes first: then the writer is changed.
RULES = [(False, False), (False, True), (True, False), (True, True)]
# What each verb needs besides the person.
VERBS = {
    "submit": lambda article, user: article.submit(by=user),
    "return": lambda article, user: article.send_back(by=user, note="Shorter."),
    "sign": lambda article, user: article.sign(by=user),
    "publish": lambda article, user: article.publish(by=user),
    "publish-unreviewed": lambda article, user: article.publish_unreviewed(by=user),
    "withdraw": lambda article, user: article.withdraw(by=user),
    "call-off": lambda article, user: article.call_off(by=user),
    "review": lambda article, user: article.review(by=user, outcome="CORRECT"),
    "restore": lambda article, user: article.restore({"title": "Old"}, [], by=user),
}


@pytest.fixture
def people(db):
    """An account for each role that has one."""
    return {role: account_of(role) for role in ROLES if role != "nobody"}


def promised(step, role, state, readers, **rules):
    """What the tables promise to a person who has not even opened a page."""
    if WHO[step][role] == "no":
        return [FORBIDDEN]
    return [REASONS[key] for key in against(step, role, state, readers, **rules)]


def refused(verb, *args):
    """The sentences with which a verb refuses; None if it does not."""
    try:
        verb(*args)
    except ValidationError as refusal:
        return refusal.messages
    return None


# The tables ###################################################################


@pytest.mark.parametrize(("state", "readers"), COMBINATIONS)
def test_against_a_step_stands_what_the_tables_say(people, state, readers):
    article = made(state, readers)
    combinations = list(product(RULES, people))

    found = {}
    for own, four_eyes in RULES:
        Practice.objects.update(four_eyes=four_eyes)
        for role, user in people.items():
            if own:
                by(user, article)
            article.refresh_from_db()
            for step in STEPS:
                obstacles = article.obstacles(Step(step), user)
                found[own, four_eyes, step, role] = obstacles

    assert found == {
        (own, four_eyes, step, role): promised(
            step, role, state, readers, own=own, four_eyes=four_eyes
        )
        for (own, four_eyes), role in combinations
        for step in STEPS
    }


@pytest.mark.parametrize(("state", "readers"), COMBINATIONS)
def test_no_verb_gets_round_a_rule(people, state, readers):
    """Each is called on what somebody wrote himself, where four eyes are asked for."""
    article = made(state, readers)
    Practice.objects.update(four_eyes=True)

    found, expected = {}, {}
    for role, user in people.items():
        by(user, article)
        before = everything()
        for step in STEPS:
            reasons = promised(step, role, state, readers, own=True, four_eyes=True)
            expected[step, role] = reasons or after(step, state, readers)
            with undone():
                told = refused(VERBS[step], Article.objects.get(), user)
                found[step, role] = told or stands(article)
                assert (everything() == before) is bool(told)

    assert found == expected


@pytest.mark.parametrize(("state", "readers"), COMBINATIONS)
def test_the_portal_itself_signs_nothing(state, readers):
    """A command acts for nobody: it needs no permission, and is no doctor."""
    article = made(state, readers)

    found, expected = {}, {}
    for four_eyes in (False, True):
        Practice.objects.update(four_eyes=four_eyes)
        for step in STEPS:
            found[step, four_eyes] = article.obstacles(Step(step), None)
            keys = against(step, "unlinked", state, readers)
            # Nobody's two eyes are not four, whoever has written it.
            if four_eyes and step in FOUR_EYES and keys != ["unseen"]:
                keys.append("four eyes")
            expected[step, four_eyes] = [REASONS[key] for key in keys]

    assert found == expected


@pytest.mark.parametrize("step", STEPS)
def test_an_account_that_was_disabled_may_nothing(step):
    user = doctor_account(is_active=False)

    assert made("draft", "live").obstacles(Step(step), user) == [FORBIDDEN]


def test_what_nobody_wrote_last_is_signed_by_anybody_who_signs():
    """Such as what was loaded from an older site."""
    factories.PracticeFactory(four_eyes=True)
    article, user = factories.ArticleFactory(), doctor_account()

    article.sign(by=user)

    assert (article.state, article.signed_by) == (State.SIGNED, user)


def test_the_problems_of_the_text_stand_behind_the_rules():
    article = factories.ArticleFactory(summary="", topic=None)
    user, missing = doctor_account(), ["The summary is empty.", "No topic is chosen."]

    found = {step: article.obstacles(Step(step), user) for step in STEPS}

    assert found["sign"] == found["publish-unreviewed"] == missing
    assert found["publish"] == [REASONS["unsigned"], *missing]
    assert found["submit"] == []


# Verbs ########################################################################


def test_sending_for_review_says_who_sent_it_when_and_why():
    article, user = factories.ArticleFactory(), account("writer")
    now = datetime(2026, 6, 8, 12, tzinfo=UTC)

    with time_machine.travel(now, tick=False):
        article.submit(by=user, note="New.")

    assert (article.state, article.submitted_by) == (State.SUBMITTED, user)
    assert (article.step_by, article.step_at, article.step_note) == (user, now, "New.")


def test_sending_back_takes_the_signature_away():
    article, user = made("signed", "never"), doctor_account()

    article.send_back(by=user, note="Shorter.")

    assert (article.state, article.step_note) == (State.RETURNED, "Shorter.")
    assert (article.signed_by, article.signed_at, article.signed_content) == (
        None, None, "",
    )  # fmt: skip


def test_who_sent_it_stays_who_gets_it_back():
    article = made("sent", "never")
    writer = article.edited_by

    article.send_back(by=doctor_account(), note="Shorter.")

    assert article.submitted_by == writer


def test_signing_says_who_signed_what_and_when():
    article, user = made("sent", "never"), doctor_account()
    now = timezone.now()

    with time_machine.travel(now, tick=False):
        article.sign(by=user)

    assert (article.signed_by, article.signed_at) == (user, now)
    assert article.signed_content == article.fingerprint()


def test_publishing_says_who_wrote_signed_and_published():
    article = made("signed", "never")
    writer, signer, user = article.edited_by, article.signed_by, account("reviewer")
    signed_at = article.signed_at

    edition = article.publish(by=user)

    assert (edition.written_by, edition.signed_by, edition.published_by) == (
        writer, signer, user,
    )  # fmt: skip
    assert edition.signed_at == signed_at


def test_publishing_begins_the_next_change():
    article = made("draft", "live")
    article.change_kind, article.change_note = Change.FORM, "A comma."
    article.written(article.edited_by)
    article.submit(by=article.edited_by)
    article.sign(by=doctor_account())

    article.publish(by=None)

    assert (article.change_kind, article.change_note) == (Change.CONTENT, "")
    assert (article.signed_by, article.signed_at, article.signed_content) == (
        None, None, "",
    )  # fmt: skip
    assert article.state == State.PUBLISHED


@pytest.mark.parametrize("step", STEPS)
def test_a_verb_raises_the_version_so_that_open_forms_are_refused(step):
    article = made(*BEFORE[step])
    version = article.version

    VERBS[step](article, doctor_account())

    # What is found of what readers see says nothing of the working copy.
    assert article.version == version + (step != "review")


def test_a_verb_looks_at_what_is_stored_and_not_at_what_it_was_called_on():
    article, user = made("draft", "never"), account("writer")
    stale = Article.objects.get()
    article.submit(by=user)

    with pytest.raises(ValidationError) as refusal:
        stale.submit(by=user)

    assert refusal.value.messages == [REASONS["waits"]]


def test_a_verb_saves_nothing_that_was_written_without_it():
    article, user = made("draft", "never"), account("writer")
    article.title = "Never saved"

    article.submit(by=user)

    assert article.title == Article.objects.get().title == "Other words"


def test_publishing_without_review_drops_a_signature():
    article, due = made("signed", "never"), date(2027, 1, 2)

    edition = article.publish_unreviewed(by=doctor_account(), review_on=due)

    assert (edition.signed_by, edition.signed_at) == (None, None)
    assert Review.objects.count() == 0
    assert edition.review_due_date == due


def test_withdrawing_keeps_the_explanation_with_what_readers_saw_last():
    article = made("published", "live+")

    article.withdraw(by=None, note="It is no longer given.")

    first, planned = article.editions.order_by("number")
    assert first.withdrawal_note == "It is no longer given."
    assert planned.withdrawal_note == ""


def test_calling_off_a_withdrawal_takes_its_explanation_back():
    article = made("published", "live")
    article.withdraw(by=None, at=in_days(2), note="It is no longer given.")

    article.call_off(by=None)

    edition = article.editions.get()
    assert (edition.live_until, edition.withdrawal_note) == (None, "")


def test_restoring_writes_text_and_sources_and_nothing_else():
    article, user = made("sent", "never"), account("writer")
    factories.SourceFactory(article=article, title="Another")
    before = Article.objects.values().get()
    sources = [
        {"title": "Old 1", "url": "", "doi": "10.1234/x", "pmid": ""},
        {"title": "Old 2", "url": "", "doi": "", "pmid": "1"},
    ]

    article.restore({"title": "Old", "body": "<p>Old.</p>"}, sources, by=user)

    after = Article.objects.values().get()
    changed = {name for name, value in after.items() if before[name] != value}
    assert changed == {
        "title", "body", "edited_by_id", "edited_at", "version", "updated_at",
    }  # fmt: skip
    assert article.sources_as_list() == sources
    assert article.edited_by == user


# Writing and the signature ####################################################


@pytest.mark.parametrize(
    ("state", "then"),
    [
        ("draft", "draft"),
        ("sent", "sent"),
        ("sent back", "sent back"),
        ("signed", "draft"),
        ("published", "draft"),
    ],
)
def test_whoever_writes_is_noted_and_makes_a_draft_of_what_was_done(state, then):
    article, user = made(state, "live"), account("writer")
    saves = Version.objects.get_for_object(article).count()
    article.title = "Written since"

    article.written(user)

    article.refresh_from_db()
    assert (article.state, article.edited_by) == (STATES[then], user)
    assert (article.signed_by, article.signed_at, article.signed_content) == (
        None, None, "",
    )  # fmt: skip
    kept = Version.objects.get_for_object(article)
    assert kept.count() == saves + 1
    assert kept[0].field_dict["title"] == "Written since"
    assert kept[0].revision.user == user


# What a signature says nothing about.
UNSIGNED = {
    "id", "version", "state", "step_note", "step_by_id", "step_at", "edited_by_id",
    "edited_at", "submitted_by_id", "signed_by_id", "signed_at", "signed_content",
    "review_months", "first_review_date", "created_at", "updated_at",
    "original_edition_id", "replaced_by_id",
}  # fmt: skip


SIGNED = {field.attname for field in Article._meta.concrete_fields} - UNSIGNED


def another(field):
    """A value of that field that no article below has."""
    match field:
        case "language":
            return "it"
        case "change_kind":
            return Change.FORM
        case "topic_id":
            return factories.TopicFactory().pk
        case "author_id":
            return factories.DoctorFactory().pk
        case "condition_id":
            return factories.ConditionFactory().pk
        case "translation_of_id":
            return factories.ArticleFactory(language="it").pk
        case "picture_id":
            return a_picture().pk
        case "picture_decorative" | "is_sample":
            return True
        case "body":
            return "<p>Other words.</p>"
    return "other"


def test_a_signature_covers_whatever_an_edition_copies():
    assert {*Edition.COPIED, "change_kind", "change_note"} == SIGNED


@pytest.mark.parametrize("field", sorted(SIGNED))
def test_what_was_changed_behind_a_signature_is_not_published(field):
    article, user = made("signed", "live"), doctor_account()
    changed = {"picture_alt": "A liver", field: another(field)}
    Article.objects.filter(pk=article.pk).update(**changed)

    with pytest.raises(ValidationError) as refusal:
        article.publish(by=user)

    assert refusal.value.messages == [TAMPERED]
    assert article.editions.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda sources: sources.update(title="Other"),
        lambda sources: sources.update(url="https://example.org/other"),
        lambda sources: sources.update(doi="10.1234/other"),
        lambda sources: sources.update(pmid="7"),
        lambda sources: sources.filter(position=0).update(position=2),
        lambda sources: sources.last().delete(),
        lambda sources: factories.SourceFactory(article=sources.first().article),
    ],
    ids=["title", "link", "DOI", "PMID", "order", "one less", "one more"],
)
def test_no_source_is_changed_behind_a_signature(change):
    article, user = made("draft", "never"), doctor_account()
    factories.SourceFactory(article=article, title="Second", position=1)
    article.written(user)
    article.sign(by=user)
    change(Source.objects.filter(article=article))

    assert article.obstacles(Step.PUBLISH, user) == [TAMPERED]


@pytest.mark.parametrize("field", sorted(UNSIGNED - {"id", "state", "signed_content"}))
def test_what_a_signature_does_not_cover_changes_no_word_for_readers(field):
    """But for who wrote, signed and when: those are told beside the text."""
    article, user = made("signed", "never"), doctor_account()
    signed = {name: getattr(article, name) for name in Edition.COPIED}
    sources, noted = article.sources_as_list(), article.change_note
    values = {
        "version": 9,
        "step_note": "Other",
        "review_months": 2,
        "first_review_date": date(2030, 1, 1),
        "replaced_by_id": factories.ArticleFactory().pk,
        "original_edition_id": factories.publish(factories.ArticleFactory()).pk,
    }
    value = values.get(field, user.pk if field.endswith("_id") else timezone.now())
    Article.objects.filter(pk=article.pk).update(**{field: value})

    edition = article.publish(by=user)

    assert {name: getattr(edition, name) for name in Edition.COPIED} == signed
    assert (edition.sources, edition.change_note) == (sources, noted)


def test_what_was_changed_behind_a_signature_can_be_sent_back_and_signed_anew():
    article, user = made("signed", "never"), doctor_account()
    Article.objects.update(title="Changed behind")

    article.send_back(by=user, note="It has changed.")
    article.submit(by=article.edited_by)
    article.sign(by=user)

    assert article.publish(by=user).title == "Changed behind"


WORDS = st.text('ab \n|\\"', max_size=4)


@given(one=st.tuples(WORDS, WORDS, WORDS), other=st.tuples(WORDS, WORDS, WORDS))
@settings(derandomised, max_examples=200)
def test_two_texts_have_one_fingerprint_only_if_they_are_the_same(one, other):
    names = ("title", "summary", "key_phrases")
    first, second = (
        Article(pk=1, **dict(zip(names, text, strict=True))) for text in (one, other)
    )

    assert (first.fingerprint() == second.fingerprint()) is (one == other)


def test_what_was_signed_before_there_were_conditions_stays_signed():
    article = Article(pk=1, language="en", title="Fever", body="<p>Rest.</p>")
    signed = article.fingerprint()
    assert signed == "3df46afcd8769ebf6c99dfd764bb11001fee1691787f60c2bf758b7123193de4"

    article.condition_id = 1

    assert article.fingerprint() != signed


def test_the_database_knows_no_signature_without_a_moment_or_a_person():
    article, user = made("draft", "never"), doctor_account()
    for half in (
        {"signed_by": user},
        {"signed_at": timezone.now()},
        {"signed_content": "x"},
        {"signed_at": timezone.now(), "signed_content": "x"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Article.objects.filter(pk=article.pk).update(**half)


# Called off, and signed all the same ##########################################


def test_calling_off_gives_back_the_signature_with_its_day():
    article = made("signed", "live")
    signer, signed_at = article.signed_by, article.signed_at
    article.publish(by=None, at=in_days(2))

    article.call_off(by=None)

    assert (article.state, article.signed_by, article.signed_at) == (
        State.SIGNED, signer, signed_at,
    )  # fmt: skip
    assert (article.change_kind, article.change_note) == (
        Change.CONTENT,
        "They are better.",
    )
    again = article.publish(by=None)
    assert (again.signed_by, again.signed_at) == (signer, signed_at)


def test_calling_off_gives_no_signature_to_what_nobody_had_signed():
    article = factories.ArticleFactory()
    article.publish_unreviewed(at=in_days(2))

    article.call_off(by=None)

    assert (article.state, article.signed_by) == (State.DRAFT, None)


@pytest.mark.parametrize("readers", ["live+", "planned"])
def test_calling_off_signs_nothing_that_was_changed_behind(readers):
    article = made("published", readers)
    Article.objects.filter(pk=article.pk).update(body="<p>Never signed.</p>")

    article.call_off(by=None)

    assert (article.state, article.signed_by) == (State.DRAFT, None)
    assert article.obstacles(Step.PUBLISH, doctor_account()) == [REASONS["unsigned"]]


def test_calling_off_leaves_what_is_being_written():
    article = made("draft", "live+")

    article.call_off(by=None)

    assert (article.state, article.title) == (State.DRAFT, "Other words")
    assert (article.signed_by, article.change_note) == (None, "They are better.")


# Notes ########################################################################


@pytest.mark.parametrize("step", ["withdraw", "call-off", "review", "restore"])
@pytest.mark.parametrize("state", ["sent", "sent back"])
def test_what_was_asked_for_stays_until_the_text_takes_its_next_step(step, state):
    article, user = made(state, "live+"), doctor_account()
    Article.objects.update(step_note="Please look at the dose.")
    by_whom, when = Article.objects.values_list("step_by", "step_at").get()

    VERBS[step](article, user)

    assert article.step_note == "Please look at the dose."
    assert (article.step_by_id, article.step_at) == (by_whom, when)


@pytest.mark.parametrize(
    ("step", "state"),
    [("submit", "sent back"), ("sign", "sent"), ("publish", "signed")],
)
def test_the_next_step_takes_the_note_away(step, state):
    article = made(state, "never")
    Article.objects.update(step_note="Please look at the dose.")

    VERBS[step](article, doctor_account())

    assert article.step_note == ""


# Reviews ######################################################################


def test_a_signature_under_a_change_of_content_is_a_review_of_its_day():
    """By the calendar of the practice: 23:30 in Greenwich is the next day in Rome."""
    article = made("sent", "never")
    user = doctor_account()
    with time_machine.travel(datetime(2027, 1, 31, 23, 30, tzinfo=UTC), tick=False):
        article.sign(by=user)

    with time_machine.travel(datetime(2027, 5, 1, tzinfo=UTC), tick=False):
        edition = article.publish(by=None)

    review = Review.objects.get()
    assert (review.edition, review.reviewer, review.doctor) == (
        edition, user, user.doctor,
    )  # fmt: skip
    assert (review.outcome, review.reviewed_date) == ("CORRECT", date(2027, 2, 1))
    assert review.next_due_date == date(2030, 2, 1)


def test_a_correction_of_form_moves_no_review():
    article = made("published", "live")
    before = list(Review.objects.values())
    article.title, article.change_kind = "A comma, more", Change.FORM
    article.written(article.edited_by)
    article.submit(by=article.edited_by)
    article.sign(by=doctor_account())

    edition = article.publish(by=None)

    assert list(Review.objects.values()) == before
    assert edition.last_review == Review.objects.get()
    assert edition.review_due_date == Review.objects.get().next_due_date


@pytest.mark.parametrize(
    ("months", "due"),
    [
        ({}, date(2027, 7, 8)),
        ({"practice": 24}, date(2028, 6, 8)),
        ({"practice": 24, "topic": 6}, date(2026, 12, 8)),
        ({"practice": 24, "topic": 6, "article": 1}, date(2026, 7, 8)),
        ({"practice": 24, "article": 120}, date(2036, 6, 8)),
    ],
)
def test_the_next_review_is_due_by_article_topic_or_practice(months, due):
    article = made("published", "live")
    Practice.objects.update(review_months=months.get("practice", 13))
    article.topic.review_months = months.get("topic")
    article.topic.save()
    Article.objects.update(review_months=months.get("article"))
    article.refresh_from_db()

    with time_machine.travel(datetime(2026, 6, 8, 12, tzinfo=UTC), tick=False):
        review = Review.objects.of(
            article.editions.get(), by=doctor_account(), at=timezone.now()
        )

    assert review.next_due_date == due


@pytest.mark.parametrize("outcome", ["CHANGES", "WITHDRAW"])
def test_what_was_found_wrong_is_due_at_once(outcome):
    article = made("published", "live")

    review = article.review(by=doctor_account(), outcome=outcome, note="Wrong.")

    assert review.next_due_date == review.reviewed_date == timezone.localdate()


def test_who_reviewed_stays_whoever_the_account_belongs_to_later():
    article, user = made("published", "live"), doctor_account()
    doctor = user.doctor
    review = article.review(by=user, outcome="CORRECT")

    user.doctor = factories.DoctorFactory()
    user.save()

    review.refresh_from_db()
    assert review.doctor == doctor


@pytest.mark.parametrize(
    ("state", "then"),
    [
        ("draft", "draft"),
        ("sent", "sent"),
        ("sent back", "sent back"),
        ("signed", "signed"),
        ("published", "sent back"),
    ],
)
def test_a_fault_gives_the_text_back_unless_somebody_is_at_it(state, then):
    article = made(state, "live")

    article.review(by=doctor_account(), outcome="CHANGES", note="Wrong.")

    assert stands(article) == (then, "live")


def test_a_fault_in_what_nobody_wrote_comes_back_to_who_found_it():
    article, user = factories.ArticleFactory(), doctor_account()
    article.publish_unreviewed()

    article.review(by=user, outcome="CHANGES", note="Wrong.")

    assert article.submitted_by == user


def test_a_review_that_withdraws_calls_off_what_is_planned():
    article = made("published", "live+")

    article.review(by=doctor_account(), outcome="WITHDRAW", note="It harms.")

    assert stands(article) == ("published", "withdrawn")


def test_two_doctors_may_review_on_one_day():
    article = made("published", "live")
    first, second = doctor_account(), doctor_account()

    found = [
        article.review(by=first, outcome="CORRECT"),
        article.review(by=second, outcome="CORRECT"),
        article.review(by=first, outcome="CHANGES", note="Wrong after all."),
    ]

    assert list(Review.objects.order_by("pk"))[1:] == found


# Days #########################################################################


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 11, 30), 36, date(2029, 11, 30)),
        (date(2026, 6, 8), 0, date(2026, 6, 8)),
    ],
)
def test_so_many_months_later_is_the_same_day_or_the_last_of_the_month(
    day, months, later
):
    assert months_later(day, months) == later


DAYS = st.dates(date(2000, 1, 1), date(2200, 1, 1))


@given(day=DAYS, months=st.integers(0, 240))
@settings(derandomised, max_examples=200)
def test_months_later_is_never_more_than_a_month_off(day, months):
    later = months_later(day, months)

    passed = (later.year - day.year) * 12 + later.month - day.month
    assert passed == months
    assert day.day - 3 <= later.day <= day.day


@given(count=st.integers(0, 400), day=DAYS, months=st.integers(1, 120))
@settings(derandomised, max_examples=200)
def test_first_reviews_are_spread_evenly_and_end_in_time(count, day, months):
    days = spread(count, day, months)

    gaps = [(other - one).days for one, other in pairwise([day, *days])]
    assert len(days) == count
    assert not gaps or max(gaps) - min(gaps) <= 1
    assert not days or days[-1] == months_later(day, months)

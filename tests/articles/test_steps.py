"""The steps of an article at the desk: who may take which, when, and what it does.

Three tables say what is allowed. Every combination of them is tried: on the page of
the step, by its own form, by a POST that never opened the page, and for articles of an
older site by the list's action. tests/articles/test_life.py holds the models to the
same tables.
"""

import logging
import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponseForbidden
from django.test import Client
from django.utils import timezone
from reversion.models import Version

from articles.admin.forms import ArticleForm
from articles.models import Article, Edition, Review, Source, State
from clinic import urls
from clinic.models import Picture, Practice
from clinic.pictures import render
from tests import factories
from tests.clinic.test_admin import errors, fields, parsed, rows, said
from tests.clinic.test_roles import account, doctor_account, signed_in
from tests.conftest import upload

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/article/"


# The tables ###################################################################


def table(text):
    """Read rows and columns; two spaces or more stand between two cells."""
    head, *lines = (
        [cell.strip() for cell in line.split("  ") if cell.strip()]
        for line in text.strip().split("\n")
    )
    return {line[0]: dict(zip(head, line[1:], strict=True)) for line in lines}


# Who may. "yes": as far as the other two tables allow; "no": the page is forbidden;
# "doctor": refused, because only a doctor signs.
WHO = table("""
                    nobody  staff  writer  unlinked  reviewer  manager  superuser
submit              login   no     yes     yes       yes       no       yes
return              login   no     no      yes       yes       no       yes
sign                login   no     no      doctor    yes       no       yes
publish             login   no     no      yes       yes       no       yes
publish-unreviewed  login   no     no      yes       yes       no       yes
withdraw            login   no     no      yes       yes       no       yes
call-off            login   no     no      yes       yes       no       yes
review              login   no     no      doctor    yes       no       yes
restore             login   no     yes     yes       yes       no       yes
""")

# Where the working copy stands. "gone": as it was published, but readers no longer see
# it and nothing is planned. "mine": only whoever wrote it last; what somebody else is
# writing has to be sent for review first.
WORKING_COPY = table("""
                    draft     sent      sent back  signed   published  gone
submit              yes       waits     yes        waits    same       yes
return              unsent    yes       unsent     yes      unsent     unsent
sign                mine      yes       mine       already  same       mine
publish             unsigned  unsigned  unsigned   yes      unsigned   unsigned
publish-unreviewed  yes       yes       returned   yes      yes        yes
withdraw            yes       yes       yes        yes      yes        yes
call-off            yes       yes       yes        yes      yes        yes
review              yes       yes       yes        yes      yes        yes
restore             yes       yes       yes        yes      yes        yes
""")

# What readers see. "live+": another edition is planned; "live-": the end is planned;
# "planned": nothing yet; "called off": it was planned, and never seen.
READERS = table("""
                    never    live     live+  live-  planned  withdrawn  called off
submit              yes      yes      yes    yes    yes      yes        yes
return              yes      yes      yes    yes    yes      yes        yes
sign                yes      yes      yes    yes    yes      yes        yes
publish             yes      yes      yes    yes    yes      yes        yes
publish-unreviewed  yes      once     once   once   once     once       once
withdraw            nothing  yes      yes    yes    yes      nothing    nothing
call-off            no plan  no plan  yes    yes    yes      no plan    no plan
review              unseen   yes      yes    yes    unseen   unseen     unseen
restore             yes      yes      yes    yes    yes      yes        yes
""")

# With "four eyes" nobody does this to what they wrote last themselves.
FOUR_EYES = {"sign", "review", "publish-unreviewed"}

REASONS = {
    "doctor": "Only a doctor signs, and your account is not linked to one. Whoever "
    "manages the accounts can link it.",
    "mine": "Somebody else wrote it last: it can be signed once it has been sent "
    "for review.",
    "four eyes": "You wrote this last, and the practice asks for four eyes: somebody "
    "else has to sign it.",
    "waits": "It waits for review already.",
    "same": "Nothing has changed since it was published.",
    "unsent": "It has not been sent for review.",
    "already": "It is signed already.",
    "unsigned": "It is not signed: a doctor has to sign it first.",
    "returned": "A reviewer has sent it back.",
    "once": "There is an edition of it already: a new one has to be signed.",
    "nothing": "The article is not published.",
    "no plan": "Nothing is planned for it.",
    "unseen": "Readers do not see it: there is nothing to review.",
}
STATES = {
    "draft": State.DRAFT,
    "sent": State.SUBMITTED,
    "sent back": State.RETURNED,
    "signed": State.SIGNED,
    "published": State.PUBLISHED,
}
STEPS, ROLES = list(WHO), list(WHO["submit"])
# A copy that is as published cannot be one that never had an edition.
IMPOSSIBLE = {("published", "never")}
# What has most to be asked of the database is tried on each kind of it every time.
COMBINATIONS = [
    pytest.param(
        state, readers, marks=[] if readers == "live+" else pytest.mark.exhaustive
    )
    for state in STATES
    for readers in READERS["submit"]
    if (state, readers) not in IMPOSSIBLE
]


def against(step, role, state, readers, *, own=False, four_eyes=False):
    """What the tables say against it, in the order in which the page says it."""
    gone = state == "published" and readers in {"withdrawn", "called off"}
    cells = [READERS[step][readers], WORKING_COPY[step]["gone" if gone else state]]
    if step == "review" and cells[0] != "yes":
        return cells[:1]  # nothing else matters then
    cells.append(WHO[step][role])
    if own and four_eyes and step in FOUR_EYES:
        cells.append("four eyes")
    return [cell for cell in cells if cell != "yes" and not (cell == "mine" and own)]


def after(step, state, readers):
    """Where the article stands once the step is taken."""
    has_plan, is_seen = readers in {"live+", "live-"}, readers.startswith("live")
    match step:
        case "submit":
            return "sent", readers
        case "return":
            return "sent back", readers
        case "sign":
            return "signed", readers
        case "publish" | "publish-unreviewed":
            return "published", "live"
        case "withdraw":
            return state, "withdrawn" if is_seen else "called off"
        case "call-off":
            # The text of the planned edition is signed, and not published.
            taken_back = state == "published" and readers in {"live+", "planned"}
            copy = "signed" if taken_back else state
            return copy, "live" if has_plan else "called off"
        case "review":
            return state, readers
        case "restore":
            return "draft" if state in {"signed", "published"} else state, readers


def expected(step, role, state, readers, **rules):
    """The outcome that the tables promise: a word, reasons, or where it stands then."""
    who = WHO[step][role]
    if who in {"login", "no"}:
        return who
    reasons = against(step, role, state, readers, **rules)
    if reasons:
        return " ".join(REASONS[reason] for reason in reasons)
    return after(step, state, readers)


# Articles and people of every kind ############################################


def in_days(number):
    return timezone.now() + timedelta(number)


def published(article, at, title="Words"):
    """Take somebody's words the whole way, past a doctor, to readers."""
    writer, doctor = article.edited_by, factories.ReviewerFactory()
    article.title, article.change_note = title, "They are better."
    article.written(writer)
    article.submit(by=writer)
    article.sign(by=doctor)
    article.publish(by=doctor, at=at)


def live(article):
    published(article, in_days(-3))


def planned(article):
    published(article, in_days(3))


def live_with_a_planned_edition(article):
    live(article)
    published(article, in_days(3), title="Planned words")


def live_with_a_planned_end(article):
    live(article)
    article.withdraw(at=in_days(3))


def withdrawn(article):
    live(article)
    article.withdraw(at=in_days(-1))


def called_off(article):
    planned(article)
    article.withdraw()


MAKE = {
    "never": lambda article: None,
    "live": live,
    "live+": live_with_a_planned_edition,
    "live-": live_with_a_planned_end,
    "planned": planned,
    "withdrawn": withdrawn,
    "called off": called_off,
}


def made(state, readers):
    """An article like that, written by somebody who is none of the people below.

    Its first save in the history says something else than its working copy.
    """
    writer = account("writer")
    article = factories.ArticleFactory(title="First words")
    factories.SourceFactory(article=article)
    article.written(writer)
    MAKE[readers](article)
    if state == "published":
        return article
    article.title, article.change_note = "Other words", "They are better."
    article.written(writer)
    if state != "draft":
        article.submit(by=writer)
    if state == "sent back":
        article.send_back(by=factories.ReviewerFactory(), note="Shorter, please.")
    if state == "signed":
        article.sign(by=factories.ReviewerFactory())
    return article


def account_of(role):
    match role:
        case "staff":
            return account()
        case "unlinked":
            return account("reviewer")
        case "reviewer":
            return doctor_account()
        case "superuser":
            return factories.ReviewerFactory()
        case _:
            return account(role)


@pytest.fixture
def people(db, monkeypatch, caplog):
    """A browser for each role; a page that is forbidden comes without its words.

    They are asked so often that the words, and a line in the log, would double the
    time.
    """
    caplog.set_level(logging.ERROR, logger="django.request")
    monkeypatch.setattr(
        urls, "handler403", lambda *_args, **_kw: HttpResponseForbidden()
    )
    people = {"nobody": Client()}
    for role in ROLES[1:]:
        people[role] = signed_in(account_of(role))
        # Each would look through all static files anew.
        people[role].handler = people["nobody"].handler
    return people


def readers_of(article):
    """What readers see, in the words of the table."""
    live = article.current_edition()
    if live and article.planned_edition():
        return "live+"
    if live:
        return "live-" if live.live_until else "live"
    if article.planned_edition():
        return "planned"
    if article.editions.public().exists():
        return "withdrawn"
    return "called off" if article.editions.exists() else "never"


def stands(article):
    """Where the article stands, in the words of the tables."""
    words = {value: word for word, value in STATES.items()}
    article = Article.objects.get(pk=article.pk)
    return words[article.state], readers_of(article)


def by(user, article):
    """Let the working copy, and what readers see, be written last by that account."""
    Article.objects.filter(pk=article.pk).update(edited_by=user)
    # The rows of editions do not change; only here a past is made up.
    QuerySet(Edition).filter(article=article).update(written_by=user)


@contextmanager
def undone():
    """Take back whatever happens within."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def everything():
    """All that any step could change."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Article, Edition, Review, Source, Version)
    ]


# Every way to a step ##########################################################


def page_of(article, step="change"):
    return f"{LIST}{article.pk}/{step}/"


def address_of(article, step):
    if step == "publish-unreviewed":
        return LIST
    if step == "restore":
        first = Version.objects.get_for_object(article).last()
        return page_of(article, f"restore/save-{first.pk}")
    return page_of(article, step)


def crafted(article, step):
    """What somebody could send who never opened a page, with all that it asks for."""
    seen = now(article).standing()
    sent = {"version": seen, "when": "now", "note": "Why.", "outcome": "CORRECT"}
    if step == "publish-unreviewed":
        sent |= {
            "action": "publish_unreviewed",
            "_selected_action": [article.pk],
            "confirmed": "yes",
        }
    return sent


def open_page(client, article, step):
    if step != "publish-unreviewed":
        return client.get(address_of(article, step))
    chosen = crafted(article, step)
    del chosen["confirmed"]
    return client.post(LIST, chosen)


def refusal(response, article):
    """How the page refuses: a word, or its reasons; empty if it does not."""
    if response.status_code == 403:
        return "no"
    if response.status_code == 302 and response.url.startswith("/admin/login/"):
        return "login"
    sentences = errors(response) if response.status_code == 200 else []
    sentences += [
        message.message
        for message in get_messages(response.wsgi_request)
        if message.level_tag in {"warning", "error"}
    ]
    told = " ".join(sentence.removeprefix(f"{article}: ") for sentence in sentences)
    # Who may not publish is not offered the action: the list is all there is.
    is_list = response.status_code == 200 and "cl" in (response.context or {})
    return "no" if is_list or told == "No action selected." else told


def taken(article, before, response):
    """What came of a POST: how it was refused, or where the article stands now."""
    if everything() == before:
        return refusal(response, article) or "nothing, without a word"
    return stands(article)


def looked_at(page, article):
    """What the page of a step says: its reasons, or that it asks."""
    told = refusal(page, article)
    if told in {"no", "login"}:
        return told
    asks = parsed(page).css("#content form [type=submit]")
    return " and ".join(filter(None, [told, asks and "asks"]))


def outcomes(client, article, step, before):
    """Try every way, each from the same beginning; return what came of it."""
    with undone():
        page = open_page(client, article, step)
        found = {"page": looked_at(page, article)}
    posts = {"crafted": crafted(article, step)}
    if found["page"] == "asks":
        posts["form"] = fields(page) | {"note": "Shorter, please.", "confirmed": "yes"}
    for way, sent in posts.items():
        with undone():
            response = client.post(address_of(article, step), sent)
            found[way] = taken(article, before, response)
    return found


def promises(promise):
    """What every way has to come to: either it asks and acts, or it refuses."""
    if isinstance(promise, str):
        return {"page": promise, "crafted": promise}
    return {"page": "asks", "crafted": promise, "form": promise}


@pytest.mark.parametrize(("state", "readers"), COMBINATIONS)
def test_every_role_takes_the_steps_of_the_tables_and_no_others(people, state, readers):
    article = made(state, readers)
    before = everything()

    stood = stands(article)
    found = {
        (step, role): outcomes(people[role], article, step, before)
        for step in STEPS
        for role in ROLES
    }

    assert stood == (state, readers)
    assert found == {
        (step, role): promises(expected(step, role, state, readers))
        for step in STEPS
        for role in ROLES
    }


@pytest.mark.parametrize(("state", "readers"), COMBINATIONS)
def test_what_one_has_written_oneself_is_signed_with_two_eyes_only(
    people, state, readers
):
    article = made(state, readers)
    combinations = list(product(["unlinked", "reviewer", "superuser"], [False, True]))

    found = {}
    for role, four_eyes in combinations:
        by(people[role].user, article)
        Practice.objects.update(four_eyes=four_eyes)
        before = everything()
        for step in FOUR_EYES:
            told = outcomes(people[role], article, step, before)
            found[step, role, four_eyes] = told

    assert found == {
        (step, role, four_eyes): promises(
            expected(step, role, state, readers, own=True, four_eyes=four_eyes)
        )
        for step in FOUR_EYES
        for role, four_eyes in combinations
    }


def test_publishing_without_review_has_no_page_of_its_own(people):
    article = made("draft", "never")

    response = people["superuser"].get(page_of(article, "publish-unreviewed"))

    assert response.status_code == 302
    assert "publish-unreviewed" in response.url
    assert people["superuser"].get(response.url).url == "/admin/"


# No way round four eyes #######################################################


@pytest.fixture
def four_eyes(db):
    factories.PracticeFactory()
    Practice.objects.update(four_eyes=True)


@pytest.fixture
def doctor(db):
    """A browser in which a reviewer is signed in."""
    return signed_in(doctor_account())


def answer(client, address, **changes):
    """Open the question and answer it."""
    return client.post(address, fields(client.get(address)) | changes, follow=True)


def typed(client, article, **changes):
    """Change the form of an article and press “Save draft”."""
    sent = fields(client.get(page_of(article))) | changes | {"_continue": "1"}
    return client.post(page_of(article), sent, follow=True)


def now(article):
    return Article.objects.get(pk=article.pk)


def by_the_form(client, article):
    typed(client, article, title="Words of the doctor")


def by_a_source(client, article):
    source = rows("sources", {"title": "New", "position": "1"}, first=1)
    typed(client, article, **source)


def by_restoring(client, article):
    answer(client, address_of(article, "restore"))


def by_recovering(client, article):
    last = Version.objects.get_for_object(article).first()
    client.post(page_of(article, "delete"), {"post": "yes"})
    answer(client, f"{LIST}deleted/{last.pk}/")


def by_overwriting(client, article):
    opened = fields(client.get(page_of(article)))
    colleague = now(article)
    colleague.version, colleague.title = colleague.version + 1, "Of a colleague"
    colleague.written(colleague.edited_by)
    sent = opened | {"title": "Words of the doctor", "_continue": "1"}
    client.post(page_of(article), sent)
    client.post(page_of(article), sent | {"overwrite": str(colleague.version)})


def by_adding(client, article):
    """The same words in an article of one's own, in place of that one."""
    words = fields(client.get(page_of(article)))
    sent = fields(client.get(f"{LIST}add/")) | {"_continue": "1", "slug": "copied"}
    copied = ("title", "summary", "body", "topic", "author")
    client.post(f"{LIST}add/", sent | {name: words[name] for name in copied})
    article.delete()


WAYS_TO_WRITE = [
    by_the_form, by_a_source, by_restoring, by_recovering, by_overwriting, by_adding,
]  # fmt: skip


@pytest.mark.parametrize("write", WAYS_TO_WRITE)
@pytest.mark.parametrize("sent", [False, True], ids=["draft", "sent"])
def test_whoever_wrote_last_in_any_way_signs_nothing(four_eyes, doctor, write, sent):
    write(doctor, made("draft", "never"))
    article = Article.objects.get()
    if sent:
        article.submit(by=article.edited_by)
    before = everything()

    found = {
        step: outcomes(doctor, article, step, before)
        for step in ("sign", "publish-unreviewed")
    }

    assert article.edited_by == doctor.user
    refused = promises(REASONS["four eyes"])
    assert found == {"sign": refused, "publish-unreviewed": refused}


@pytest.mark.parametrize("write", WAYS_TO_WRITE)
def test_a_second_doctor_signs_what_the_first_has_written(four_eyes, doctor, write):
    write(doctor, made("draft", "never"))
    article = Article.objects.get()
    article.submit(by=article.edited_by)
    second = signed_in(doctor_account())

    answer(second, page_of(article, "sign"))

    assert (now(article).state, now(article).signed_by) == (State.SIGNED, second.user)


@pytest.mark.parametrize("write", [by_the_form, by_a_source, by_restoring])
def test_what_readers_see_is_not_reviewed_by_whoever_wrote_it(four_eyes, doctor, write):
    article = made("draft", "never")
    write(doctor, article)
    published(now(article), in_days(-1))
    before = everything()

    found = outcomes(doctor, now(article), "review", before)

    assert Edition.objects.live().get().written_by == doctor.user
    assert found == promises(REASONS["four eyes"])


def forged(article, writer):
    """Fields of the life of an article, as somebody would have them."""
    words = {
        "state": "SIGNED",
        "edited_at": "2020-01-01",
        "signed_at": "2020-01-01",
        "signed_content": article.fingerprint(),
        "version": "7",
        "step_note": "Forged",
    }
    people = dict.fromkeys(("edited_by", "signed_by", "submitted_by", "step_by"))
    people |= {f"{name}_id": None for name in people}
    return words | dict.fromkeys(people, str(writer.pk))


def test_no_field_that_is_added_to_the_form_makes_somebody_else_the_writer(
    four_eyes, doctor
):
    article = made("sent", "never")
    writer = article.edited_by

    typed(doctor, article, title="Of the doctor", **forged(article, writer))

    after = now(article)
    assert after.title == "Of the doctor"
    assert (after.edited_by, after.state) == (doctor.user, State.SUBMITTED)
    assert (after.signed_by, after.signed_content, after.step_note) == (None, "", "")
    assert (after.submitted_by, after.version) == (writer, article.version + 1)


def test_no_field_that_is_added_to_a_new_article_signs_it(four_eyes, doctor):
    other = made("sent", "never")
    sent = fields(doctor.get(f"{LIST}add/"))
    sent |= {"title": "New", "slug": "new", "_continue": "1"}

    doctor.post(f"{LIST}add/", sent | forged(other, other.edited_by))

    added = Article.objects.get(slug="new")
    assert (added.edited_by, added.state) == (doctor.user, State.DRAFT)
    assert (added.signed_by, added.submitted_by, added.step_note) == (None, None, "")


@pytest.mark.parametrize("step", ["submit", "sign", "restore"])
def test_no_field_that_is_added_to_a_step_makes_somebody_else_the_writer(
    four_eyes, doctor, step
):
    article = made("draft", "never")
    writer = article.edited_by
    typed(doctor, article, title="Of the doctor")
    forgery = forged(article, writer) | {"version": now(article).standing()}

    doctor.post(address_of(article, step), forgery)

    after = now(article)
    assert (after.edited_by, after.signed_by) == (doctor.user, None)
    assert refusal(doctor.get(page_of(article, "sign")), after) == REASONS["four eyes"]


def test_no_field_can_be_written_in_the_list(doctor):
    article = made("draft", "never")
    before = everything()
    row = {"id": str(article.pk), "state": "SIGNED", "edited_by": "", "title": "Listed"}
    sent = {"_save": "1", "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1"}
    sent |= {f"form-0-{name}": value for name, value in row.items()}

    page = doctor.get(LIST)
    doctor.post(LIST, sent)

    assert parsed(page).css("#result_list [name^=form-]") == []
    assert everything() == before


def test_a_save_without_any_change_does_not_make_one_the_writer(four_eyes, doctor):
    article = made("sent", "never")
    writer, before = article.edited_by, everything()

    response = typed(doctor, article)

    assert errors(response) == []
    assert (now(article).edited_by, now(article).state) == (writer, State.SUBMITTED)
    assert everything()[1:] == before[1:]
    answer(doctor, page_of(article, "sign"))
    assert now(article).signed_by == doctor.user


def test_with_two_eyes_an_own_signature_is_allowed_and_recorded(doctor):
    article = made("draft", "never")
    typed(doctor, article, title="Of the doctor")

    asked = doctor.get(page_of(article, "sign"))
    answer(doctor, page_of(article, "sign"))
    state = parsed(doctor.get(page_of(article))).css_first(".state").text()
    answer(doctor, page_of(article, "publish"))

    edition = Edition.objects.get()
    told = parsed(doctor.get(page_of(article, "history"))).css_first(".history").text()
    assert "You wrote it last yourself. That is allowed here, and it is recorded." in (
        asked.text
    )
    assert "Who signed had also written it." in state
    assert (edition.written_by, edition.signed_by) == (doctor.user, doctor.user)
    assert edition.is_own_signature is True
    assert f"signed by {doctor.user} (who also wrote it)" in " ".join(told.split())


def test_the_signature_of_somebody_else_is_no_own_one(doctor):
    article = made("sent", "never")

    asked = doctor.get(page_of(article, "sign"))
    answer(doctor, page_of(article, "sign"))
    answer(doctor, page_of(article, "publish"))

    assert "You wrote it last yourself." not in asked.text
    assert Edition.objects.get().is_own_signature is False
    assert "who also wrote it" not in doctor.get(page_of(article, "history")).text


# What voids a signature #######################################################


def signed_article_with_everything():
    """A signed article with every field filled in; readers know an earlier one."""
    original = factories.ArticleFactory(language="it", slug="originale")
    article = factories.ArticleFactory(
        slug="everything",
        picture=a_picture(),
        picture_alt="A liver",
        picture_caption="The liver",
        picture_credit="Drawn here",
        disclosure="None.",
        key_phrases="one\ntwo",
        translation_of=original,
    )
    for position in (0, 1):
        factories.SourceFactory(
            article=article, position=position, doi=f"10.1234/{position}", pmid="1"
        )
    factories.publish(article, at=in_days(-3))
    article.title, article.change_note = "Signed words", "They are better."
    factories.sign(article)
    return article


def a_picture():
    return Picture.objects.create_from(render(upload()), name="A picture")


CHANGES = {
    "title": lambda: {"title": "Other words"},
    "slug": lambda: {"slug": "other"},
    "summary": lambda: {"summary": "Other words."},
    "body": lambda: {"body": "<p>Other words.</p>"},
    "change_kind": lambda: {"change_kind": "FORM"},
    "change_note": lambda: {"change_note": "Other words."},
    "topic": lambda: {"topic": str(factories.TopicFactory().pk)},
    "author": lambda: {"author": str(factories.DoctorFactory().pk)},
    "translation_of": lambda: {"translation_of": ""},
    "language": lambda: {"language": "it", "translation_of": ""},
    "condition": lambda: {"condition": str(factories.ConditionFactory().pk)},
    "picture": lambda: {"picture": str(a_picture().pk)},
    "picture_upload": lambda: {"picture_upload": upload()},
    "picture_alt": lambda: {"picture_alt": "Another liver"},
    "picture_decorative": lambda: {"picture_decorative": "on", "picture_alt": ""},
    "picture_caption": lambda: {"picture_caption": "Other words"},
    "picture_credit": lambda: {"picture_credit": "Other words"},
    "disclosure": lambda: {"disclosure": "Other words."},
    "key_phrases": lambda: {"key_phrases": "one\nthree"},
    "is_sample": lambda: {"is_sample": "on"},
    "a new source": lambda: rows("sources", {"title": "New", "position": "2"}, first=2),
    "the title of a source": lambda: {"sources-0-title": "Other words"},
    "the link of a source": lambda: {"sources-0-url": "https://example.org/other"},
    "the DOI of a source": lambda: {"sources-0-doi": "10.1234/other"},
    "the PMID of a source": lambda: {"sources-0-pmid": "2"},
    "the order of the sources": lambda: {
        "sources-0-position": "1", "sources-1-position": "0",
    },
    "no source any more": lambda: {"sources-1-DELETE": "on"},
}  # fmt: skip


@pytest.mark.parametrize("changed", CHANGES)
def test_any_change_of_the_text_voids_the_signature_and_is_kept(doctor, changed):
    article = signed_article_with_everything()
    saves = Version.objects.get_for_object(article).count()

    response = typed(doctor, article, **CHANGES[changed]())

    after = now(article)
    assert errors(response) == []
    assert (after.state, after.edited_by) == (State.DRAFT, doctor.user)
    assert (after.signed_by, after.signed_at, after.signed_content) == (None, None, "")
    assert Version.objects.get_for_object(after).count() == saves + 1
    unsigned = refusal(doctor.get(page_of(after, "publish")), after)
    assert unsigned.startswith(REASONS["unsigned"])


def test_the_fields_that_are_changed_above_are_all_fields_of_the_form():
    assert set(ArticleForm().fields) - set(CHANGES) == {
        "seen_version",
        "review_months",  # how often a text is reviewed is no part of it
    }


def test_how_often_it_is_reviewed_voids_no_signature(doctor):
    article = signed_article_with_everything()

    typed(doctor, article, review_months="12")

    assert (now(article).review_months, now(article).state) == (12, State.SIGNED)


@pytest.mark.parametrize(
    "same",
    [
        {},
        {"key_phrases": "one\r\ntwo"},  # the line ends of browsers
        {"title": " Signed words "},
        {"body": "<h2>What it is</h2><p onclick='x()'>Plain words.</p>"},
        {"sources-0-position": "0", "sources-1-position": "7"},
        {"sources-0-doi": "https://doi.org/10.1234/0"},
    ],
)
def test_what_comes_to_the_same_text_keeps_the_signature(doctor, same):
    article = signed_article_with_everything()
    saves = Version.objects.count()

    response = typed(doctor, article, **same)

    after = now(article)
    assert errors(response) == []
    assert (after.state, after.signed_by) == (State.SIGNED, article.signed_by)
    assert (after.edited_by, after.edited_at) == (article.edited_by, article.edited_at)
    assert Version.objects.count() == saves
    answer(doctor, page_of(article, "publish"))
    assert Edition.objects.live().get().title == "Signed words"


# Twice, too late, and what was open ###########################################

# For each step an article that allows it.
BEFORE = {
    "submit": ("draft", "never"),
    "return": ("sent", "never"),
    "sign": ("sent", "never"),
    "publish": ("signed", "never"),
    "publish-unreviewed": ("draft", "never"),
    "withdraw": ("published", "live"),
    "call-off": ("published", "live+"),
    "review": ("published", "live"),
    "restore": ("draft", "never"),
}
TOO_LATE = (
    "Nothing was done: the article has changed after you opened this page. Please look "
    "at it once more."
)


def twice(client, article, step, **changes):
    """Answer the question of a step by a double click; return the second response."""
    page = open_page(client, article, step)
    sent = fields(page) | {"note": "Why.", "confirmed": "yes"} | changes
    client.post(address_of(article, step), sent)
    once = everything()
    response = client.post(address_of(article, step), sent, follow=True)
    return once, response


@pytest.mark.parametrize("step", [step for step in STEPS if step != "review"])
def test_r19_a_double_click_does_nothing_twice(doctor, step):
    article = made(*BEFORE[step])
    before = everything()

    once, _response = twice(doctor, article, step)

    assert once != before
    assert everything() == once


def but_for_moments(stored):
    """The same rows without the moment of the last step."""
    articles, *others = stored
    for article in articles:
        del article["step_at"], article["updated_at"]
    return [articles, *others]


@pytest.mark.parametrize("outcome", ["CORRECT", "CHANGES", "WITHDRAW"])
def test_r19_a_double_click_records_one_review(doctor, outcome):
    article = made("published", "live")
    reviews = Review.objects.count()

    once, _response = twice(doctor, article, "review", outcome=outcome)

    assert Review.objects.count() == reviews + 1
    assert but_for_moments(everything()) == but_for_moments(once)


@pytest.mark.parametrize(
    "step", [step for step in STEPS if step not in {"review", "publish-unreviewed"}]
)
def test_r19_the_second_click_is_told_that_nothing_was_done(doctor, step):
    article = made(*BEFORE[step])

    _once, response = twice(doctor, article, step)

    assert said(response)[-1] == TOO_LATE


@pytest.mark.parametrize(
    "step", [step for step in STEPS if step != "publish-unreviewed"]
)
@pytest.mark.parametrize(
    "version",
    [
        "", "{older}:{live}", "{newer}:{live}", "{seen}", "{seen}:", "{seen}:7",
        "9" * 20, "x", "\0",
    ],
)  # fmt: skip
def test_without_the_version_that_was_seen_nothing_is_done(doctor, step, version):
    article = made(*BEFORE[step])
    (seen, live), before = map(int, now(article).standing().split(":")), everything()
    sent = crafted(article, step)
    sent["version"] = version.format(
        older=seen - 1, newer=seen + 1, seen=seen, live=live
    )

    response = doctor.post(address_of(article, step), sent, follow=True)

    assert said(response) == [TOO_LATE]
    assert everything() == before


@pytest.mark.parametrize("step", [step for step in STEPS if step != "review"])
def test_a_form_that_was_open_before_the_step_saves_nothing_over_it(doctor, step):
    article = made(*BEFORE[step])
    writer = signed_in(account("writer"))
    opened = fields(writer.get(page_of(article)))
    twice(doctor, article, step)
    before = everything()

    sent = opened | {"title": "Typed meanwhile", "_continue": "1"}
    response = writer.post(page_of(article), sent)

    assert errors(response)[0].startswith("Somebody else has saved this article")
    assert fields(response)["title"] == "Typed meanwhile"
    assert everything() == before


@pytest.mark.parametrize("outcome", ["CORRECT", "CHANGES"])
def test_a_review_of_what_readers_see_refuses_no_form_that_was_open(doctor, outcome):
    article = made("published", "live")
    writer = signed_in(account("writer"))
    opened = fields(writer.get(page_of(article)))
    twice(doctor, article, "review", outcome=outcome)

    sent = opened | {"title": "Typed meanwhile", "_continue": "1"}
    response = writer.post(page_of(article), sent, follow=True)

    assert errors(response) == []
    state = {"CORRECT": State.DRAFT, "CHANGES": State.RETURNED}[outcome]
    assert (now(article).title, now(article).state) == ("Typed meanwhile", state)


@pytest.mark.parametrize("step", STEPS)
def test_asking_changes_nothing(doctor, step):
    article = made(*BEFORE[step])
    before = everything()

    response = open_page(doctor, article, step)

    assert response.status_code == 200
    assert everything() == before


# What single steps ask for ####################################################


@pytest.mark.parametrize("note", ["", "   "])
def test_nothing_is_sent_back_without_a_word(doctor, note):
    article = made("sent", "never")

    response = answer(doctor, page_of(article, "return"), note=note)

    assert errors(response) == ["This field is required."]
    assert now(article).state == State.SUBMITTED


NO_WORD = "Please say in a sentence what is wrong."


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"outcome": ""}, "Please choose an outcome."),
        ({"outcome": "FINE"}, "FINE is not one of the available choices."),
        ({"outcome": "CHANGES"}, NO_WORD),
        ({"outcome": "WITHDRAW", "note": " "}, NO_WORD),
        ({"outcome": "CHANGES", "note": "x" * 1001}, "at most 1000 characters"),
    ],
)
def test_a_review_that_finds_a_fault_says_which(doctor, typed, sentence):
    article = made("published", "live")
    before = everything()

    response = answer(doctor, page_of(article, "review"), **typed)

    assert any(sentence in error for error in errors(response))
    assert everything() == before


def test_checked_and_still_correct_takes_one_click_and_makes_no_edition(doctor):
    article = made("published", "live")
    reviews = Review.objects.count()

    response = answer(doctor, page_of(article, "review"))

    review = Review.objects.first()
    assert Review.objects.count() == reviews + 1
    assert review.edition == Edition.objects.get()
    assert (review.reviewer, review.doctor, review.outcome) == (
        doctor.user,
        doctor.user.doctor,
        "CORRECT",
    )
    assert said(response)[0].startswith("Review recorded. The next one is due on ")


def test_a_review_that_needs_changes_sends_the_text_back_to_its_writer(doctor):
    article = made("published", "live")
    found = {"outcome": "CHANGES", "note": "The dose is wrong."}

    response = answer(doctor, page_of(article, "review"), **found)

    after = now(article)
    assert said(response) == [
        "Review recorded. Readers are told that this page is being revised."
    ]
    assert (after.state, after.submitted_by) == (State.RETURNED, article.edited_by)
    assert after.step_note == "The dose is wrong."
    assert readers_of(article) == "live"


def test_a_review_may_take_the_article_off_the_site_at_once(doctor, client):
    article = made("published", "live+")
    found = {"outcome": "WITHDRAW", "note": "It harms."}

    response = answer(doctor, page_of(article, "review"), **found)

    assert said(response) == ["Review recorded, and the article is withdrawn."]
    assert readers_of(article) == "withdrawn"
    assert client.get(article.get_absolute_url()).status_code == 410


def test_a_note_stands_beside_the_form_until_the_next_step(doctor):
    article = made("sent", "never")

    answer(doctor, page_of(article, "return"), note="Shorter,\n<b>please</b>.")
    told = doctor.get(page_of(article))

    note = parsed(told).css_first(".state__note")
    assert "Shorter,<br>&lt;b&gt;please&lt;/b&gt;." in note.html
    assert str(doctor.user) in note.text()
    answer(doctor, page_of(article, "submit"))
    assert parsed(doctor.get(page_of(article))).css_first(".state__note") is None


def test_a_step_stands_in_the_history_with_its_note(doctor):
    article = made("sent", "never")

    answer(doctor, page_of(article, "return"), note="Shorter, please.")

    told = parsed(doctor.get(page_of(article, "history"))).css(".log")[-1].text()
    assert f"{doctor.user}, Send back: Shorter, please." in told


# Many at once #################################################################


def bulk(client, articles, **changes):
    chosen = {
        "action": "publish_unreviewed",
        "_selected_action": [str(article.pk) for article in articles],
    }
    return client.post(LIST, chosen | changes, follow=True)


def test_many_articles_are_published_unreviewed_and_fall_due_one_after_the_other(
    doctor,
):
    articles = [factories.ArticleFactory() for _ in range(4)]
    Practice.objects.update(review_months=12)

    with time_machine.travel(datetime(2026, 1, 1, 12, tzinfo=UTC), tick=False):
        asked = bulk(doctor, articles)
        response = bulk(doctor, articles, confirmed="yes")

    assert "over the next 12 months" in asked.text
    assert said(response) == ["4 articles published, never reviewed."]
    assert Edition.objects.filter(signed_by=None).live().count() == 4
    assert Review.objects.count() == 0
    days = sorted(Article.objects.values_list("first_review_date", flat=True))
    assert days == [
        date(2026, 4, 2), date(2026, 7, 2), date(2026, 10, 1), date(2027, 1, 1),
    ]  # fmt: skip


def test_what_is_refused_among_many_is_named_with_its_reason(doctor):
    good, incomplete = factories.ArticleFactory(), factories.ArticleFactory(summary="")
    once = made("published", "live")
    chosen = [good, incomplete, once]

    asked = bulk(doctor, chosen)
    sent = bulk(doctor, chosen, confirmed="yes")

    reasons = {
        f"{incomplete}: The summary is empty.",
        f"{once}: {REASONS['once']}",
    }
    assert set(errors(asked)) == reasons
    *refused, told = said(sent)
    assert set(refused) == reasons
    assert told == "1 article published, never reviewed."
    assert readers_of(good) == "live"
    assert readers_of(incomplete) == "never"


def test_where_nothing_can_be_published_no_button_offers_it(doctor):
    asked = bulk(doctor, [made("published", "live")])

    assert parsed(asked).css("button[name=confirmed]") == []


def test_what_was_published_unreviewed_says_so_at_the_desk_and_not_to_readers(
    doctor, client
):
    article = factories.ArticleFactory()
    bulk(doctor, [article], confirmed="yes")

    state = parsed(doctor.get(page_of(article))).css_first(".state").text()
    page = parsed(client.get(article.get_absolute_url())).css_first("article")

    never = "Never reviewed. No doctor has checked what readers see."
    assert never in " ".join(state.split())
    assert "review" not in page.text().lower()


def test_an_end_after_the_planned_one_is_refused_and_keeps_what_was_typed(doctor):
    article = factories.ArticleFactory()
    live_with_a_planned_end(article)
    planned_end = article.current_edition().live_until
    typed_time = f"{timezone.localtime(in_days(5)):%Y-%m-%dT%H:%M}"

    response = answer(
        doctor,
        address_of(article, "withdraw"),
        when="later",
        moment=typed_time,
        note="It is no longer given.",
    )

    page = parsed(response)
    assert page.css_first("#id_moment").attrs["value"] == typed_time
    assert page.css_first("#id_note").text().strip() == "It is no longer given."
    assert "is to be withdrawn on" in page.css_first(".errorlist").text()
    assert article.current_edition().live_until == planned_end


def test_an_end_before_the_planned_one_takes_its_place(doctor):
    article = factories.ArticleFactory()
    live_with_a_planned_end(article)
    sooner = timezone.localtime(in_days(1)).replace(second=0, microsecond=0)

    answer(
        doctor,
        address_of(article, "withdraw"),
        when="later",
        moment=f"{sooner:%Y-%m-%dT%H:%M}",
    )

    assert article.current_edition().live_until == sooner


# What begins by the clock #####################################################


def seen_on(page):
    return {"version": parsed(page).css_first("[name=version]").attrs["value"]}


@pytest.mark.parametrize("outcome", Review.Outcome.values)
def test_an_edition_that_begins_while_the_page_is_open_is_not_reviewed_unread(outcome):
    article = factories.ArticleFactory()
    live_with_a_planned_edition(article)
    doctor, begins = doctor_account(), article.planned_edition().live_from
    with time_machine.travel(begins - timedelta(minutes=5), tick=False) as clock:
        client = signed_in(doctor)
        page = client.get(page_of(article, "review"))
        sent = fields(page) | {"outcome": outcome, "note": "Why."}
        before = everything()
        clock.shift(timedelta(minutes=10))

        late = client.post(page_of(article, "review"), sent, follow=True)

        assert "edition 1" in page.text
        assert said(late) == [TOO_LATE]
        assert "edition 2" in late.text
        assert everything() == before
        client.post(page_of(article, "review"), sent | seen_on(late))
        assert now(article).reviews.latest("pk").edition.number == 2


def test_an_edition_that_begins_while_the_page_is_open_is_not_withdrawn_unread(doctor):
    article = factories.ArticleFactory()
    live_with_a_planned_edition(article)
    begins = article.planned_edition().live_from
    with time_machine.travel(begins - timedelta(minutes=5), tick=False) as clock:
        client = signed_in(doctor.user)
        sent = fields(client.get(page_of(article, "withdraw"))) | {"when": "now"}
        clock.shift(timedelta(minutes=10))

        late = client.post(page_of(article, "withdraw"), sent, follow=True)

        assert said(late) == [TOO_LATE]
        assert article.current_edition().number == 2


# What is planned ##############################################################


def with_a_gap():
    """An article that is to be withdrawn, and to come back later with other words."""
    article = factories.ArticleFactory()
    live(article)
    article.withdraw(at=in_days(2), note="It is being written anew.")
    article.refresh_from_db()
    published(article, in_days(4), title="Other words")
    return article


def paragraphs(response, part):
    return [" ".join(p.text().split()) for p in parsed(response).css(f"{part} p")]


MOMENT = r"\d+ \w+ \d{4}, \d+:\d\d"


def test_the_desk_tells_of_a_withdrawal_before_a_later_edition(doctor):
    article = with_a_gap()

    page = doctor.get(page_of(article))
    publishing = doctor.get(page_of(made("signed", "live-"), "publish"))

    told = [p for p in paragraphs(page, ".state") if p.startswith("Planned:")]
    assert re.fullmatch(f"Planned: it is withdrawn on {MOMENT}.", told[0])
    assert re.fullmatch(f"Planned: readers see edition 2 from {MOMENT} on.", told[1])
    assert len(told) == 2
    assert "The article is to be withdrawn on" in publishing.text


def test_an_edition_that_replaces_another_is_no_withdrawal(doctor):
    article = made("published", "live+")

    page = doctor.get(page_of(article))
    question = doctor.get(page_of(article, "call-off"))

    assert "withdrawn on" not in page.text + question.text


def test_publishing_tells_of_a_withdrawal_before_a_later_edition(doctor):
    article = with_a_gap()
    typed(doctor, article, title="Newest words", change_note="They are newest.")
    factories.sign(now(article), doctor.user)

    told = doctor.get(page_of(article, "publish")).text

    assert "The article is to be withdrawn on" in told
    assert "Edition 2 is planned for" in told


def test_calling_off_says_all_that_it_calls_off(doctor):
    article = with_a_gap()
    published(now(article), in_days(6), title="Newest words")
    now(article).withdraw(at=in_days(8))

    page = doctor.get(page_of(article, "call-off"))
    answer(doctor, page_of(article, "call-off"))

    *called_off, rest = paragraphs(page, ".step__what")
    for told, sentence in zip(
        called_off,
        [
            f"The article is not withdrawn on {MOMENT}.",
            f"Edition 2, planned for {MOMENT}, never appears. "
            "Its text stays in the history.",
            f"Edition 3, planned for {MOMENT}, never appears. "
            "Its text stays in the working copy.",
            f"The article is not withdrawn on {MOMENT}.",
        ],
        strict=True,
    ):
        assert re.fullmatch(sentence, told)
    assert rest == "Readers go on seeing edition 1."
    assert article.plans() == []
    assert article.current_edition().number == 1


@pytest.mark.parametrize(("days", "allowed"), [(1, True), (3, False), (5, True)])
def test_an_end_while_nothing_can_be_read_is_refused(doctor, days, allowed):
    article = with_a_gap()
    before = everything()
    moment = f"{timezone.localtime(in_days(days)):%Y-%m-%dT%H:%M}"

    page = answer(doctor, page_of(article, "withdraw"), when="later", moment=moment)

    assert (everything() != before) is allowed
    refused = [one for one in errors(page) if "It is to be withdrawn on" in one]
    assert (refused == []) is allowed


# Small things #################################################################


@pytest.mark.parametrize("step", ["submit", "return"])
def test_the_end_of_a_line_counts_once_in_a_note(doctor, step):
    article = made(*BEFORE[step])
    note = "\n".join(["x" * 99] * 10) + "\n"

    answer(doctor, page_of(article, step), note=note.replace("\n", "\r\n"))

    assert now(article).step_note == note.strip()


def test_a_review_while_an_article_is_saved_is_not_undone(doctor):
    article = made("published", "live")
    sent = fields(doctor.get(page_of(article)))
    loaded = now(article)
    now(article).review(by=doctor.user, outcome="CHANGES", note="Old doses.")

    form = ArticleForm({**sent, "change_kind": "CONTENT"}, instance=loaded)
    assert form.errors == {}
    form.save()

    after = now(article)
    assert (after.state, after.step_note) == (State.RETURNED, "Old doses.")
    assert after.submitted_by == article.edited_by

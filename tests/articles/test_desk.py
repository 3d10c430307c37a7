"""What waits at the desk: its words, the first page, the lists, the daily digest."""

import re
from datetime import date, datetime, timedelta
from io import StringIO
from smtplib import SMTPServerDisconnected
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.urls import clear_url_caches
from django.utils.translation import gettext, override

from articles import desk
from articles.models import Article, Change, Edition
from clinic.models import Practice, User
from tests import factories
from tests.clinic.test_admin import parsed, queries_of
from tests.clinic.test_roles import account, doctor_account, signed_in

pytestmark = pytest.mark.django_db

INDEX, LIST = "/admin/", "/admin/articles/article/"
ROME = ZoneInfo("Europe/Rome")
NOON = datetime(2026, 6, 8, 12, tzinfo=ROME)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def noon():
    """The clock stands still; a test may travel on from here."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def four_eyes(db):
    factories.PracticeFactory()
    Practice.objects.update(four_eyes=True)


def written(title, by, **kwargs):
    article = factories.ArticleFactory(title=title, **kwargs)
    article.written(by)
    return article


def sent(title, by, **kwargs):
    article = written(title, by, **kwargs)
    article.submit(by=by)
    return article


def returned(title, by, **kwargs):
    article = sent(title, by, **kwargs)
    article.send_back(by=factories.ReviewerFactory(), note="Shorter.")
    return article


def signed(title, by, **kwargs):
    article = sent(title, by, **kwargs)
    article.sign(by=factories.ReviewerFactory())
    return article


def published(title, by, at=None, **kwargs):
    article = signed(title, by, **kwargs)
    article.publish(by=None, at=at)
    return article


def again(article, kind=Change.CONTENT, at=None):
    """Publish another edition of it."""
    article.title = f"{article.title}!"
    article.change_kind, article.change_note = kind, "It is better."
    article.written(article.edited_by)
    article.submit(by=article.edited_by)
    article.sign(by=factories.ReviewerFactory())
    return article.publish(by=None, at=at)


def found(code, user):
    """The titles that wait for that person under that word."""
    articles = desk.BY_CODE[code].choose(Article.objects.with_state(), user)
    return sorted(article.title for article in articles)


# The words ####################################################################


def test_to_finish_are_own_drafts_and_what_was_sent_back_to_oneself():
    me, other = account("writer"), account("writer")
    for number, make in enumerate([written, sent, returned, signed, published]):
        make(f"mine {number} {make.__name__}", me)
        make(f"theirs {number} {make.__name__}", other)
    factories.ArticleFactory(title="nobody's")

    assert found("to-finish", me) == ["mine 0 written", "mine 2 returned"]


def test_what_somebody_else_has_touched_comes_back_to_whoever_sent_it():
    me, other = account("writer"), account("writer")
    article = returned("mine", me)
    article.written(other)

    assert found("to-finish", me) == ["mine"]
    assert found("to-finish", other) == []


def test_what_was_signed_without_being_sent_comes_back_to_whoever_wrote_it():
    me = doctor_account()
    article = written("mine", me)
    article.sign(by=me)

    article.send_back(by=doctor_account(), note="Shorter.")

    assert found("to-finish", me) == ["mine"]


def test_who_sent_an_earlier_text_does_not_get_back_a_later_one():
    first, second = account("writer"), doctor_account()
    article = published("mine", first)
    article.title, article.change_note = "Anew", "All of it."
    article.written(second)
    article.sign(by=second)

    article.send_back(by=doctor_account(), note="Shorter.")

    assert found("to-finish", first) == []
    assert found("to-finish", second) == ["Anew"]


def test_what_a_review_found_wrong_comes_back_to_whoever_wrote_it():
    me = account("writer")
    article = published("mine", me)

    article.review(by=doctor_account(), outcome="CHANGES", note="Wrong.")

    assert found("to-finish", me) == ["mine"]


def test_to_sign_is_what_was_sent_for_review():
    me, other = doctor_account(), account("writer")
    for make in (written, sent, returned, signed, published):
        make(make.__name__, other)
    sent("my own", me)

    assert found("to-sign", me) == ["my own", "sent"]


def test_with_four_eyes_nobody_is_asked_to_sign_what_they_wrote_last(four_eyes):
    me, other = doctor_account(), doctor_account()
    sent("mine", me)
    sent("theirs", other)
    corrected = sent("theirs, corrected by me", other)
    corrected.written(me)
    Article.objects.filter(pk=sent("nobody's", other).pk).update(edited_by=None)

    assert found("to-sign", me) == ["nobody's", "theirs"]
    assert found("to-sign", other) == ["mine", "nobody's", "theirs, corrected by me"]


def test_to_publish_is_what_is_signed():
    me = doctor_account()
    for make in (written, sent, returned, signed, published):
        make(make.__name__, me)

    assert found("to-publish", me) == ["signed"]


def test_overdue_is_what_readers_see_after_its_day():
    me = doctor_account()
    Practice.objects.update(review_months=12)
    for title, day in [
        ("a day too late", date(2025, 6, 7)),
        ("due today", date(2025, 6, 8)),
        ("withdrawn", date(2020, 1, 1)),
        ("reviewed since", date(2020, 1, 1)),
    ]:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=ROME)
        with time_machine.travel(at, tick=False):
            published(title, me)
    Article.objects.get(title="withdrawn").withdraw()
    Article.objects.get(title="reviewed since").review(by=me, outcome="CORRECT")

    assert found("overdue", me) == ["a day too late"]


def test_overdue_is_also_what_was_published_unreviewed_after_its_proposed_day():
    me = doctor_account()
    for title, day in [
        ("yesterday", date(2026, 6, 7)),
        ("today", date(2026, 6, 8)),
        ("without a day", None),
        ("reviewed since", date(2026, 1, 1)),
    ]:
        factories.ArticleFactory(title=title).publish_unreviewed(review_on=day)
    Article.objects.get(title="reviewed since").review(by=me, outcome="CORRECT")

    assert found("overdue", me) == ["yesterday"]


def test_what_a_review_found_wrong_is_overdue_from_the_next_day_on(noon):
    me = doctor_account()
    published("wrong", me).review(by=me, outcome="CHANGES", note="Wrong.")
    on_the_day = found("overdue", me)

    noon.shift(DAY)

    assert on_the_day == []
    assert found("overdue", me) == ["wrong"]


def test_a_correction_of_form_makes_nothing_less_overdue():
    me = doctor_account()
    Practice.objects.update(review_months=12)
    with time_machine.travel(NOON - 400 * DAY, tick=False):
        article = published("form", me)

    again(article, Change.FORM)

    assert found("overdue", me) == ["form!"]


def test_a_change_of_content_is_not_overdue_with_what_was_before():
    me = doctor_account()
    Practice.objects.update(review_months=12)
    with time_machine.travel(NOON - 400 * DAY, tick=False):
        article = published("content", me)

    again(article)

    assert found("overdue", me) == []


def test_what_is_overdue_falls_due_by_the_calendar_of_the_practice():
    """At 22:30 in Greenwich the next day has begun in Rome."""
    me = doctor_account()
    factories.ArticleFactory(title="due").publish_unreviewed(review_on=NOON.date())

    with time_machine.travel(datetime(2026, 6, 8, 23, 59, tzinfo=ROME), tick=False):
        before = found("overdue", me)
    with time_machine.travel(datetime(2026, 6, 9, 0, 1, tzinfo=ROME), tick=False):
        after = found("overdue", me)

    assert (before, after) == ([], ["due"])


def test_never_reviewed_is_what_readers_see_and_no_doctor_has_checked():
    me = doctor_account()
    published("signed", me)
    for title in ("never", "never, withdrawn", "reviewed since"):
        factories.ArticleFactory(title=title).publish_unreviewed()
    factories.ArticleFactory(title="planned").publish_unreviewed(at=NOON + DAY)
    written("draft", me)
    Article.objects.get(title="never, withdrawn").withdraw()
    Article.objects.get(title="reviewed since").review(by=me, outcome="CORRECT")

    assert found("never-reviewed", me) == ["never"]


def test_planned_is_what_begins_or_ends_later(noon):
    me = doctor_account()
    published("live", me)
    published("begins", me, at=NOON + DAY)
    again(published("goes on", me), at=NOON + DAY)
    published("ends", me).withdraw(at=NOON + DAY)
    published("called off", me, at=NOON + DAY).call_off(by=None)
    published("withdrawn", me).withdraw()
    now = found("scheduled", me)

    noon.shift(DAY)

    assert now == ["begins", "ends", "goes on!"]
    assert found("scheduled", me) == []


@pytest.fixture
def pair():
    """An original and its translation, both before readers since yesterday."""
    by = account("writer")
    with time_machine.travel(NOON - DAY, tick=False):
        original = published("original", by)
        translation = published(
            "translation", by, language="it", translation_of=original
        )
    return original, translation


def test_a_translation_is_behind_once_its_original_has_another_content(pair):
    original, _translation = pair
    me = account("writer")
    before = found("behind", me)

    again(original)

    assert before == []
    assert found("behind", me) == ["translation"]


def test_a_translation_that_follows_is_not_behind(pair, noon):
    original, translation = pair
    newer = again(original)
    noon.shift(DAY)

    again(translation)
    of_its_own_accord = found("behind", account("writer"))
    translation.align(newer, by=None)

    assert of_its_own_accord == ["translation!"]
    assert found("behind", account("writer")) == []


def test_a_correction_of_the_translation_does_not_make_it_follow(pair, noon):
    original, translation = pair
    again(original)
    noon.shift(DAY)

    again(translation, Change.FORM)

    assert found("behind", account("writer")) == ["translation!"]


def by_form(original, translation):
    again(original, Change.FORM)


def unpublished(original, translation):
    original.title = "Written since"
    original.written(original.edited_by)


def planned(original, translation):
    again(original, at=NOON + DAY)


def the_translation(original, translation):
    again(translation)


def withdrawn(original, translation):
    again(original)
    original.withdraw()


def translation_withdrawn(original, translation):
    again(original)
    translation.withdraw()


@pytest.mark.parametrize(
    "change",
    [
        by_form, unpublished, planned, the_translation, withdrawn,
        translation_withdrawn,
    ],
)  # fmt: skip
def test_what_readers_of_the_original_do_not_find_anew_leaves_nothing_behind(
    pair, change
):
    change(*pair)

    assert found("behind", account("writer")) == []


# The first page ###############################################################


def waiting(response):
    """Each link of “What waits for you”: its words, its count, its address."""
    links = parsed(response).css(".waiting__link")
    return {
        re.sub(r"^\s*\d+\s+", "", link.text()): (
            int(link.css_first(".waiting__count").text()),
            link.attributes["href"],
        )
        for link in links
    }


@pytest.fixture
def portal():
    """Something of every kind for a writer and a reviewer."""
    me, doctor = account("writer"), doctor_account()
    for by in (me, doctor):
        for make in (written, sent, returned, signed, published):
            make(make.__name__, by)
    published("planned", me, at=NOON + DAY)
    factories.ArticleFactory(title="old").publish_unreviewed(review_on=date(2026, 1, 1))
    with time_machine.travel(NOON - DAY, tick=False):
        original = published("original", me)
        published("translation", me, language="it", translation_of=original)
    again(original)
    return me, doctor


LABELS = {
    "writer": ["Articles to finish", "Translations behind their original"],
    "reviewer": [
        "Articles to finish",
        "Articles to sign",
        "Signed articles to publish",
        "Articles whose review is overdue",
        "Articles that were never reviewed",
        "Articles with something planned",
        "Translations behind their original",
    ],
    "manager": ["Details of the practice that are missing"],
    "superuser": [
        "Articles to sign",
        "Signed articles to publish",
        "Articles whose review is overdue",
        "Articles that were never reviewed",
        "Articles with something planned",
        "Translations behind their original",
        "Details of the practice that are missing",
    ],
    "staff": [],
}


@pytest.mark.parametrize("role", LABELS)
def test_the_first_page_says_what_waits_for_whoever_has_signed_in(portal, role):
    user = {
        "writer": portal[0],
        "reviewer": portal[1],
        "manager": account("manager"),
        "superuser": factories.ReviewerFactory(),
        "staff": account(),
    }[role]

    assert list(waiting(signed_in(user).get(INDEX))) == LABELS[role]


@pytest.mark.parametrize("role", ["writer", "reviewer"])
def test_each_count_is_that_of_the_list_behind_its_link(portal, role):
    client = signed_in(portal[role == "reviewer"])

    for label, (count, address) in waiting(client.get(INDEX)).items():
        listed = client.get(address)
        assert listed.context["cl"].result_count == count > 0, label
        assert len(parsed(listed).css("#result_list tbody tr")) == count, label


@pytest.mark.parametrize("language", ["en", "it"])
def test_a_quiet_desk_says_so(language):
    client = signed_in(account("writer"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    with override(language):
        quiet = gettext("Nothing. Enjoy the quiet.")

    section = parsed(client.get(INDEX)).css_first(".waiting")

    assert section.css_first("p").text() == quiet
    assert section.css("a") == []


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_first_page_speaks_the_language_of_the_desk(portal, language):
    client = signed_in(portal[0])
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    with override(language):
        labels = [gettext(label) for label in LABELS["writer"]]

    assert list(waiting(client.get(INDEX))) == labels


def test_what_is_missing_of_the_practice_is_counted(practice):
    client = signed_in(account("manager"))
    missing = "Details of the practice that are missing"
    told = [waiting(client.get(INDEX))[missing]]  # no country: nothing can be said
    Practice.objects.update(country="AT")
    told.append(waiting(client.get(INDEX))[missing])
    practice.phones.update(in_header=False)
    told.append(waiting(client.get(INDEX))[missing])

    listed = parsed(client.get(INDEX)).css(".missing__list li")

    address = "/admin/clinic/practice/"
    assert told == [(1, address), (3, address), (4, address)]
    assert len(listed) == 3  # and the number that is not in the header


def test_a_practice_that_lacks_nothing_has_nothing_waiting(practice):
    Practice.objects.update(
        country="AT", professional_rules_url="https://example.org/rules"
    )
    practice.doctors.update(registration_body="Chamber", title_country="AT")

    assert waiting(signed_in(account("manager")).get(INDEX)) == {}


def test_a_portal_without_a_practice_says_what_is_missing():
    told = waiting(signed_in(account("manager")).get(INDEX))

    assert told == {
        "Details of the practice that are missing": (2, "/admin/clinic/practice/")
    }


def test_the_first_page_asks_as_often_for_many_articles_as_for_few(portal):
    client = signed_in(portal[1])
    few = queries_of(client, INDEX)
    for number in range(10):
        sent(f"more {number}", portal[0])
        published(f"live {number}", portal[0])

    assert queries_of(client, INDEX) == few


# The lists ####################################################################


def choices(client, address=LIST):
    """What the list offers under “what waits for you”."""
    page = parsed(client.get(address))
    filters = {
        part.css_first("summary").text().strip(): [
            link.text().strip() for link in part.css("li a")
        ]
        for part in page.css("#changelist-filter details")
    }
    return filters["By what waits for you"]


def titles(client, query):
    page = parsed(client.get(f"{LIST}?{query}"))
    return sorted(cell.text().strip() for cell in page.css("#result_list tbody th a"))


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("writer", ["to finish", "translation behind"]),
        (
            "reviewer",
            [
                "to finish", "to sign", "signed, to publish", "review overdue",
                "never reviewed", "something planned", "translation behind",
            ],
        ),
    ],
)  # fmt: skip
def test_lists_are_filtered_by_the_words_of_the_first_page(role, words):
    assert choices(signed_in(account(role))) == ["All", *words]


def test_a_list_shows_what_waits_for_whoever_looks(portal):
    writer, doctor = map(signed_in, portal)

    assert titles(writer, "waiting=to-finish") == ["returned", "written"]
    assert titles(doctor, "waiting=to-sign") == ["sent", "sent"]
    assert titles(doctor, "waiting=behind") == ["translation"]


def test_filters_combine(portal):
    doctor = signed_in(portal[1])

    assert titles(doctor, "waiting=scheduled&state=draft") == ["planned"]
    assert titles(doctor, "waiting=scheduled&state=live") == []
    assert titles(doctor, "waiting=behind&language=en") == []


@pytest.mark.parametrize("word", ["to-sign", "nothing", "", "__class__", "a\0b"])
def test_a_word_that_does_not_concern_one_leaves_the_list_whole(portal, word):
    client = signed_in(portal[0])

    listed = client.get(LIST, {"waiting": word})

    assert listed.context["cl"].result_count == Article.objects.count()


# The digest ###################################################################


@pytest.fixture
def server(settings):
    """A mail server that puts everything into the outbox."""
    settings.EMAIL_URL = "smtp://mail.example.org"
    return settings


def send(*args):
    """Run the command; return what it wrote, and whether it failed with what."""
    out, err, failure = StringIO(), StringIO(), ""
    try:
        call_command("send_digest", *args, stdout=out, stderr=err)
    except CommandError as error:
        failure = str(error)
    return out.getvalue(), err.getvalue(), failure


def member(**kwargs):
    """A writer with an address, for whom a draft waits."""
    number = User.objects.count()
    user = account("writer", email=f"user{number}@example.org", **kwargs)
    written("waits", user)
    return user


def test_the_digest_says_what_waits_and_where(server):
    factories.PracticeFactory(name="Dr. Test")
    user = member(first_name="Ada")
    written("another", user)

    out, err, failure = send()

    assert (out, err, failure) == ("", "", "")
    [sent_mail] = mail.outbox
    assert sent_mail.to == [user.email]
    assert sent_mail.subject == "Dr. Test: what waits at the desk"
    assert sent_mail.body.splitlines() == [
        "Hello Ada,",
        "",
        "this waits for you at the desk:",
        "",
        "Articles to finish: 2",
        "https://www.example.org/admin/articles/article/?waiting=to-finish",
        "",
        "This mail comes once a day, and only if something waits.",
    ]


def test_the_digest_is_silent_where_nothing_waits(server):
    account("writer", email="quiet@example.org")

    assert send() == ("", "", "")
    assert mail.outbox == []


@pytest.fixture
def main_language(settings):
    """A function that sets the site's language, on which kept addresses depend."""

    def choose(code):
        settings.LANGUAGE_CODE = code
        clear_url_caches()

    yield choose
    clear_url_caches()


@pytest.mark.parametrize(
    ("site", "own", "language"),
    [("en", "", "en"), ("en", "it", "it"), ("it", "", "it"), ("it", "en", "en")],
)
def test_the_digest_speaks_the_language_of_whoever_reads_it(
    server, main_language, site, own, language
):
    main_language(site)
    member(language=own)
    with override(language):
        words = gettext("Articles to finish")
        subject = gettext("%(practice)s: what waits at the desk")

    send()

    [sent_mail] = mail.outbox
    assert f"{words}: 1" in sent_mail.body
    assert sent_mail.subject == subject % {"practice": Practice.objects.row().name}


def test_the_digest_counts_what_the_first_page_counts(server, portal):
    reader = portal[1]
    User.objects.filter(pk=reader.pk).update(email="doctor@example.org")
    shown = waiting(signed_in(reader).get(INDEX))

    send()

    [sent_mail] = mail.outbox
    told = re.findall(r"^(.+): (\d+)\n(.+)$", sent_mail.body, re.MULTILINE)
    assert {
        label: (int(count), url.removeprefix("https://www.example.org"))
        for label, count, url in told
    } == shown


def test_nobody_gets_two_digests_on_one_day(server, noon):
    user = member()
    send()
    send()
    on_the_day = len(mail.outbox)
    noon.move_to(datetime(2026, 6, 8, 23, 59, tzinfo=ROME))
    send()
    late = len(mail.outbox)
    noon.move_to(datetime(2026, 6, 9, 0, 1, tzinfo=ROME))

    send()

    user.refresh_from_db()
    assert (on_the_day, late, len(mail.outbox)) == (1, 1, 2)
    assert user.digest_sent_date == date(2026, 6, 9)


def test_what_begins_to_wait_later_is_told_on_the_same_day(server):
    user = account("writer", email="user@example.org")
    send()
    written("waits now", user)

    send()

    assert [sent_mail.to for sent_mail in mail.outbox] == [[user.email]]


@pytest.mark.parametrize(
    "kwargs",
    [{"is_active": False}, {"is_staff": False}, {"email": ""}],
    ids=["inactive", "no staff", "no address"],
)
def test_nobody_else_gets_a_digest(server, kwargs):
    user = member()
    User.objects.filter(pk=user.pk).update(**kwargs)

    assert send() == ("", "", "")
    assert mail.outbox == []


class Moody(EmailBackend):
    """A mail server that does not like some addresses."""

    refused = {}

    def send_messages(self, messages):
        for message in messages:
            error = self.refused.get(message.to[0])
            if error:
                raise error
        return super().send_messages(messages)


@pytest.fixture
def moody(server, monkeypatch):
    server.EMAIL_BACKEND = "tests.articles.test_desk.Moody"
    refused = {}
    monkeypatch.setattr(Moody, "refused", refused)
    return refused


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "Connection refused"),
        TimeoutError("timed out"),
        SMTPServerDisconnected("Connection unexpectedly closed"),
        ValueError("Invalid address"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_one_address_that_fails_stops_no_other(moody, error):
    users = [member() for _ in range(3)]
    moody[users[1].email] = error

    out, err, failure = send()

    assert [sent_mail.to[0] for sent_mail in mail.outbox] == [
        users[0].email, users[2].email,
    ]  # fmt: skip
    assert (out, err) == ("", f"{users[1].email}: {error}\n")
    assert failure == (
        f"Could not write to {users[1].email}. Run the command again once the mail "
        "server answers: nobody gets a second mail."
    )


def test_run_again_the_command_sends_what_is_left(moody):
    users = [member() for _ in range(3)]
    moody[users[1].email] = ConnectionRefusedError(111, "Connection refused")
    send()
    moody.clear()

    out, err, failure = send()

    assert (out, err, failure) == ("", "", "")
    assert sorted(sent_mail.to[0] for sent_mail in mail.outbox) == sorted(
        user.email for user in users
    )


def test_without_a_mail_server_the_command_says_what_to_do():
    user = member()

    out, err, failure = send()

    user.refresh_from_db()
    assert failure == "No mail server is set: please set EMAIL_URL, see .env.example."
    assert (mail.outbox, user.digest_sent_date) == ([], None)


def test_a_failure_is_one_for_whatever_has_started_the_command(server):
    server.EMAIL_URL = ""

    with pytest.raises(CommandError) as failure:
        call_command("send_digest")

    assert failure.value.returncode == 1


def test_a_dry_run_shows_the_mails_and_sends_nothing():
    """It needs no mail server either."""
    user = member()
    account("writer", email="quiet@example.org")

    out, err, failure = send("--dry-run")

    user.refresh_from_db()
    assert (err, failure, mail.outbox, user.digest_sent_date) == ("", "", [], None)
    assert out.startswith(f"{user.email}: ")
    assert "Articles to finish: 1" in out
    assert "quiet@example.org" not in out


def test_a_dry_run_shows_also_what_was_sent_today(server):
    user = member()
    send()

    out, _err, _failure = send("--dry-run")

    assert user.email in out
    assert len(mail.outbox) == 1


EVIL = "Ada\r\nBcc: everybody@example.org\n\nBuy"


def test_no_name_adds_a_header(server):
    factories.PracticeFactory()
    Practice.objects.update(name=EVIL)
    member(first_name=EVIL)

    _out, _err, failure = send()

    [sent_mail] = mail.outbox
    message = sent_mail.message()
    assert failure == ""
    assert sent_mail.recipients() == sent_mail.to
    assert message["Bcc"] is None
    assert message["Subject"] == (
        "Ada Bcc: everybody@example.org Buy: what waits at the desk"
    )


def test_an_address_with_a_line_break_gets_nothing_and_stops_nobody(server):
    bad, good = member(), member()
    User.objects.filter(pk=bad.pk).update(email="a@example.org\nBcc: b@example.org")

    _out, _err, failure = send()

    assert [sent_mail.to for sent_mail in mail.outbox] == [[good.email]]
    assert failure.startswith("Could not write to a@example.org")


def test_the_digest_is_plain_text(server):
    factories.PracticeFactory()
    Practice.objects.update(name="Ada & <b>Bert</b>")
    member(first_name="Ada & Bert")

    send()

    [sent_mail] = mail.outbox
    assert sent_mail.subject == "Ada & <b>Bert</b>: what waits at the desk"
    assert sent_mail.body.startswith("Hello Ada & Bert,")


def test_whoever_has_no_name_is_called_by_that_of_the_account(server):
    member(username="ada")

    send()

    assert mail.outbox[0].body.startswith("Hello ada,")


def test_the_counts_of_one_person_are_not_those_of_another(server, four_eyes):
    first, second = (
        doctor_account(email=f"doctor{number}@example.org") for number in (1, 2)
    )
    sent("of the first", first)

    send()

    assert [sent_mail.to for sent_mail in mail.outbox] == [[second.email]]
    assert Edition.objects.count() == 0

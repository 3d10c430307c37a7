"""The log of the desk: who, what, when and from where; and that it stays."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from articles.models import Step
from clinic import audit, origin, telling
from clinic.models import AuditEntry, User
from clinic.models.audit import Unchangeable
from tests import factories
from tests.clinic.test_admin import parsed, save
from tests.clinic.test_roles import PASSWORD, USERS, account, signed_in

pytestmark = pytest.mark.django_db

LOG = "/admin/clinic/auditentry/"
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def entries(*names):
    """Every entry, the oldest first: its kind, or more of it."""
    rows = AuditEntry.objects.order_by("pk").values_list("kind", *names)
    return [row if names else row[0] for row in rows]


def told(language="en"):
    """The newest entry as people read it."""
    with translation.override(language):
        entry = AuditEntry.objects.first()
        return [telling.sentence(entry), *telling.details(entry)]


# What is written down #########################################################


def sign_in(client, name, password, **kwargs):
    return client.post(
        "/admin/login/", {"username": name, "password": password}, **kwargs
    )


def test_signing_in_and_out_is_written_down_with_the_network_only():
    user = User.objects.create_user("ada", password=PASSWORD, is_staff=True)
    client = Client(REMOTE_ADDR="203.0.113.77")

    sign_in(client, "ada", PASSWORD)
    client.post("/admin/logout/")

    assert entries("account", "name", "network") == [
        ("SIGNED_IN", user.pk, "ada", "203.0.113.0"),
        ("SIGNED_OUT", user.pk, "ada", "203.0.113.0"),
    ]


def test_a_failed_sign_in_names_an_account_and_never_what_was_typed():
    user = User.objects.create_user("ada", password=PASSWORD, is_staff=True)
    client = Client(REMOTE_ADDR="2001:db8:1:2::3")

    sign_in(client, "ada", "wrong")
    sign_in(client, "my secret password", "")
    sign_in(client, "my secret password", "ada")

    assert entries("account", "name", "network") == [
        ("SIGN_IN_FAILED", user.pk, "ada", "2001:db8:1::"),
        ("SIGN_IN_FAILED", None, "", "2001:db8:1::"),
    ]
    assert told() == ["Somebody was refused to sign in as a name that no account has."]


def test_thousands_of_tries_fill_no_disk_and_hide_no_other():
    User.objects.create_user("ada", password=PASSWORD, is_staff=True)
    client = Client()

    for number in range(30):
        sign_in(client, f"nobody{number}", "wrong")
    sign_in(client, "ada", "wrong")

    assert entries("name").count(("SIGN_IN_FAILED", "")) == audit.MOST_FAILURES
    assert entries("name")[-1] == ("SIGN_IN_FAILED", "ada")


def test_what_is_saved_at_the_desk_is_written_down():
    manager = account("manager", username="max", first_name="Max", last_name="Test")
    topic = factories.TopicFactory(name=factories.both("Liver"))
    client = signed_in(manager, REMOTE_ADDR="203.0.113.77")

    save(client, f"/admin/articles/topic/{topic.pk}/change/", position="7")

    row = AuditEntry.objects.get(kind="CHANGED")
    assert (row.account, row.name, row.network, row.object_type, row.object_key) == (
        manager.pk, "Max Test (max)", "203.0.113.0", "articles.topic", str(topic.pk),
    )  # fmt: skip
    assert told() == ["Max Test (max) changed “Liver” (topic).", "Changed Order."]
    assert told("it") == [
        "Max Test (max) ha modificato “Liver” (argomento).",
        "Modificati Ordine.",
    ]


def test_an_entry_and_what_it_tells_of_are_both_there_or_neither(monkeypatch):
    topic = factories.TopicFactory(position=1)
    client = signed_in(account("manager"))

    def breaks(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(AuditEntry.objects, "create", breaks)
    with pytest.raises(RuntimeError):
        save(client, f"/admin/articles/topic/{topic.pk}/change/", position="7")

    topic.refresh_from_db()
    assert topic.position == 1


def test_deleting_many_is_written_down_one_by_one(staff):
    topics = [factories.TopicFactory() for _ in range(3)]
    chosen = {
        "action": "delete_selected",
        "_selected_action": [topic.pk for topic in topics],
        "post": "yes",
    }

    staff.post("/admin/articles/topic/", chosen)

    rows = entries("object_type", "object_key")
    assert rows[1:] == [
        ("DELETED", "articles.topic", str(topic.pk)) for topic in topics
    ]


def test_every_step_of_an_article_has_a_sentence_of_its_own():
    assert {step.name for step in Step} <= set(audit.KINDS)


def test_publishing_and_withdrawing_are_written_down():
    doctor = factories.ReviewerFactory(username="ada")
    article = factories.ArticleFactory(title="Fever", author=doctor.doctor)
    factories.sign(article, doctor)
    client = signed_in(doctor)
    desk = article.get_desk_url()

    for step in ("publish", "withdraw"):
        article.refresh_from_db()
        client.post(f"{desk}{step}/", {"version": article.standing(), "when": "now"})

    assert [telling.sentence(entry) for entry in AuditEntry.objects.order_by("pk")] == [
        "ada signed in.",
        "ada published “Fever” (article).",
        "ada withdrew “Fever” (article).",
    ]


def test_whoever_is_refused_a_page_stands_in_the_log():
    client = signed_in(account("writer", username="wilma"))

    client.get(f"{USERS}add/?secret=1")

    assert told() == ["wilma was refused a page of the desk: /admin/clinic/user/add/."]


def test_a_new_password_is_told_wherever_it_was_set(staff):
    other = account("writer", username="wilma")
    new = {"password1": PASSWORD, "password2": PASSWORD}

    save(staff, f"{USERS}{other.pk}/password/", **new)
    at_the_desk = told()
    other.refresh_from_db()
    other.set_password("another long sentence")
    other.save()

    user = staff.get(USERS).context["user"]
    assert at_the_desk == [f"{user} set a new password for “wilma” (account)."]
    assert told() == [
        "A command of the server set a new password for “wilma” (account)."
    ]
    assert entries().count("PASSWORD") == 2
    assert "CHANGED" not in entries()


def test_only_what_the_log_has_words_for_is_written_down():
    with pytest.raises(ValueError, match="KINDS"):
        audit.record(None, "NO_SUCH_KIND")


def test_a_colleague_records_with_one_call(rf):
    user = account("manager", username="max")
    request = rf.get("/admin/", REMOTE_ADDR="203.0.113.77")
    request.user = user
    other = account("writer", username="wilma")

    audit.record(request, "FACTOR_RESET", other, note="Lost her phone.")

    assert told() == [
        "max reset the second factor of “wilma” (account).",
        "Lost her phone.",
    ]
    assert AuditEntry.objects.first().network == "203.0.113.0"


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("code", list(audit.KINDS))
def test_every_kind_is_a_sentence_in_both_languages(language, code):
    with translation.override(language):
        kind = audit.KINDS[code]
        said = telling.sentence(
            AuditEntry(kind=code, name="Ada", object_name="this", account=1)
        )
        assert re.search(r"%|\(who\)|\(what\)", said) is None
        assert said.endswith(".")
        assert "Ada" in said
        assert str(kind.label)
    if language == "it":
        assert said != str(kind.sentence) % {"who": "Ada", "what": "this"}


def test_the_steps_of_an_article_are_told_alike_in_italian():
    steps = ("SIGN", "REVIEW", "PUBLISH", "WITHDRAW")

    with translation.override("it"):
        told = [str(audit.KINDS[step].label) for step in steps]

    assert told == ["firmato", "revisionato", "pubblicato", "ritirato"]


# That it stays ################################################################


@pytest.fixture
def entry():
    return audit.record(None, "SIGNED_IN")


def test_no_code_of_the_portal_changes_or_deletes_an_entry(entry):
    rows = AuditEntry.objects.all()
    for attempt in (
        entry.save,
        entry.delete,
        rows.delete,
        lambda: rows.update(name="x"),
        lambda: rows.bulk_update([entry], ["name"]),
    ):
        with pytest.raises(Unchangeable):
            attempt()
    assert AuditEntry.objects.get().name == ""


STATEMENTS = [
    "UPDATE clinic_auditentry SET name = 'x'",
    "UPDATE clinic_auditentry SET at = '2000-01-01 00:00:00'",
    "DELETE FROM clinic_auditentry",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_refuses_to_change_or_delete_an_entry(entry, statement):
    audit.guard()

    with pytest.raises(DatabaseError, match="log of the desk"), transaction.atomic():
        connection.cursor().execute(statement)

    assert AuditEntry.objects.get().name == ""


def test_what_is_old_is_forgotten_and_nothing_else():
    audit.guard()
    ages = [0, 89, 91, 400, 800]
    now = timezone.now()
    for days in ages:
        AuditEntry.objects.create(kind="SIGNED_IN", at=now - timedelta(days=days))

    count = AuditEntry.objects.purge(now - timedelta(days=365))

    assert count == 2
    found = [(now - at).days for _kind, at in entries("at")]
    assert found == [0, 89, 91]


def test_not_even_forgetting_reaches_what_is_young():
    audit.guard()
    AuditEntry.objects.create(kind="SIGNED_IN")

    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.purge(timezone.now() + timedelta(days=1))

    assert AuditEntry.objects.count() == 1


def test_forgetting_goes_on_until_everything_old_is_gone(monkeypatch):
    monkeypatch.setattr(type(AuditEntry.objects.all()), "AT_ONCE", 2)
    for _ in range(5):
        AuditEntry.objects.create(kind="SIGNED_IN", at=NOW - timedelta(days=800))

    assert AuditEntry.objects.purge(NOW) == 5
    assert AuditEntry.objects.exists() is False


def test_an_account_that_is_deleted_stays_in_the_log(staff):
    gone = account("writer", username="wilma")
    signed_in(gone)

    staff.post(f"{USERS}{gone.pk}/delete/", {"post": "yes"})

    assert User.objects.filter(pk=gone.pk).exists() is False
    assert ("SIGNED_IN", gone.pk, "wilma") in entries("account", "name")
    assert "wilma" in staff.get(f"{LOG}?q=wilma").text


# The page #####################################################################


@pytest.mark.parametrize("role", [None, "writer", "reviewer"])
def test_only_who_keeps_the_accounts_reads_the_log(role, entry):
    client = signed_in(account(role))

    for address in (LOG, f"{LOG}{entry.pk}/change/"):
        assert client.get(address).status_code == 403
    assert LOG not in client.get("/admin/").text


def test_not_even_a_superuser_changes_the_log_at_the_desk(staff, entry):
    before = list(AuditEntry.objects.filter(pk=entry.pk).values())

    answers = [
        staff.post(f"{LOG}add/", {"kind": "SIGNED_IN"}).status_code,
        staff.post(f"{LOG}{entry.pk}/change/", {"name": "x"}).status_code,
        staff.post(f"{LOG}{entry.pk}/delete/", {"post": "yes"}).status_code,
    ]
    staff.post(
        LOG,
        {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"},
    )

    assert answers == [403, 403, 403]
    assert list(AuditEntry.objects.filter(pk=entry.pk).values()) == before
    page = parsed(staff.get(f"{LOG}{entry.pk}/change/"))
    assert page.css("#content input:not([type=hidden]), #content select") == []


def rows_of(response):
    return [
        " ".join(cell.text().split())
        for cell in parsed(response).css("#result_list .field-sentence")
    ]


@pytest.fixture
def log():
    """A manager who reads, and a log of three people in two months."""
    people = {name: account("writer", username=name) for name in ("ada", "bruno")}
    manager = account("manager", username="max")
    with time_machine.travel(NOW, tick=False) as clock:
        audit.record(people["ada"], "ADDED", "one")
        clock.shift(timedelta(days=31))
        client = signed_in(manager)
        audit.record(people["bruno"], "DELETED", "two")
        audit.record(None, "CHANGED", "three")
        yield client, people


def test_the_log_is_read_newest_first(log):
    client, _people = log
    assert rows_of(client.get(LOG)) == [
        "A command of the server changed three.",
        "bruno deleted two.",
        "max signed in.",
        "ada added one.",
    ]


def test_the_log_is_filtered_by_person_kind_and_month_and_searched(log):
    client, people = log
    for query, found in (
        (f"account={people['ada'].pk}", ["ada added one."]),
        ("account=none", ["A command of the server changed three."]),
        ("kind=DELETED", ["bruno deleted two."]),
        ("month=2026-07", ["ada added one."]),
        ("q=two", ["bruno deleted two."]),
        ("month=2026-13", 4), ("account=x", 4), ("month=0001-01", []),
    ):  # fmt: skip
        shown = rows_of(client.get(f"{LOG}?{query}"))
        assert (shown if isinstance(found, list) else len(shown)) == found, query


def test_the_months_to_choose_from_are_those_of_the_log(log):
    client, _people = log
    page = parsed(client.get(LOG))
    shown = [
        link.text().strip() for link in page.css("#changelist-filter a[href*=month]")
    ]
    assert shown == ["August 2026", "July 2026"]


def test_a_long_log_is_read_without_counting_it(log):
    client, _people = log
    AuditEntry.objects.bulk_create(
        AuditEntry(kind="SIGNED_IN", at=NOW) for _ in range(1500)
    )
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"{LOG}?p=19")
    assert page.status_code == 200
    asked = [query["sql"] for query in queries if "clinic_auditentry" in query["sql"]]
    assert [sql for sql in asked if "LIMIT" not in sql] == []
    assert len(asked) <= 4


# From where ###################################################################


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("203.0.113.77", "", "203.0.113.77"),
        ("203.0.113.77", "198.51.100.1", "203.0.113.77"),  # no proxy of ours
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.1", "198.51.100.1"),  # the first is forged
        ("127.0.0.1", "198.51.100.1, ::1", "198.51.100.1"),
        ("", "198.51.100.1", "198.51.100.1"),  # a socket file
        ("::ffff:203.0.113.77", "", "203.0.113.77"),
        ("::ffff:127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "<script>", ""),
        ("127.0.0.1", "", "127.0.0.1"),
        ("", "", ""),
    ],
)
def test_an_address_is_believed_from_our_own_proxy_only(rf, remote, forwarded, address):
    request = rf.get("/", REMOTE_ADDR=remote, headers={"x-forwarded-for": forwarded})

    assert origin.address_of(request) == address

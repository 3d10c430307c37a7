"""Who gets in where; and what those try who want more (A21, A29, A36-A41)."""

import re
from difflib import unified_diff
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from articles.models import Article, Related, Source, State
from clinic.models import AuditEntry, Phone, Picture, User
from tests import factories, permissions
from tests.clinic.test_admin import errors, fields, parsed, save
from tests.clinic.test_roles import (
    GROUPS,
    PASSWORD,
    USERS,
    account,
    change_page,
    doctor_account,
    signed_in,
    stored,
)
from tests.conftest import upload

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).parent / "permissions.txt"


# The matrix ###################################################################


def matrix(test):
    """Mark a test of what takes a while: once, and in one process."""
    return pytest.mark.exhaustive(pytest.mark.xdist_group("permissions")(test))


@pytest.fixture(scope="module")
def walk(django_db_setup, django_db_blocker):
    """Every request of the matrix, made once; nothing of it stays."""
    with django_db_blocker.unblock(), transaction.atomic():
        site = permissions.build()
        found = permissions.walk(site)
        secrets = secrets_of(site)
        transaction.set_rollback(True)
    return found, secrets


def secrets_of(site):
    """Pieces of every stored password, and what every session is known by."""
    pieces = {
        piece
        for user in User.objects.all()
        for piece in user.password.split("$")[1:]
        if len(piece) >= 6
    }
    name = settings.SESSION_COOKIE_NAME
    browsers = site.browsers.values()
    return pieces | {b.cookies[name].value for b in browsers if name in b.cookies}


@matrix
def test_a37_everybody_gets_in_where_the_table_says_and_nowhere_else(walk):
    """What to do if that is meant is said in permissions.py."""
    found, _secrets = walk
    expected = TABLE.read_text(encoding="utf-8").splitlines()

    difference = list(
        unified_diff(expected, permissions.table(found).splitlines(), lineterm="", n=0)
    )

    assert "\n".join(difference) == ""


@matrix
def test_a37_no_verb_no_missing_token_and_no_reading_changes_anything(walk):
    found, _secrets = walk

    assert found.requests > 2500
    assert found.faults == []


@matrix
def test_a37_every_address_of_the_resolver_is_in_the_table(walk):
    """Else a page that somebody adds would be in no table."""
    found, _secrets = walk
    told = {line[0] for line in found.lines}
    desk = {
        name.rpartition(":")[2]
        for _route, name in permissions.patterns(get_resolver())
        if name.startswith("admin:") and name != "admin:"
    }

    assert len(told) > 150
    assert {f"/admin/{page}/" for page in ("login", "logout", "jsi18n")} <= told
    for name in desk:
        model = re.fullmatch(r"(auth|articles|clinic)_([a-z]+)_(\w[\w-]*)", name)
        if model and model[3] in ("add", "change", "delete", "history"):
            app, kind, page = model.groups()
            pages = [line for line in told if line.startswith(f"/admin/{app}/{kind}/")]
            assert [line for line in pages if line.endswith(f"/{page}/")], name


@matrix
def test_a39_who_may_only_look_sees_no_secret(walk):
    found, secrets = walk
    pages = found.looked_at

    assert len(pages) > 60
    assert len(secrets) > 10
    shown = {
        (address, secret)
        for address, page in pages.items()
        for secret in secrets
        if secret in page
    }
    assert shown == set()


# A21: pictures of what is not published #######################################


def test_a21_the_address_of_a_picture_cannot_be_guessed_and_stands_nowhere(client):
    """It is known to who works at the desk; 122 random bits (README, Decisions)."""
    picture = Picture.objects.create_from_upload(upload(name="hidden.jpg"))
    factories.PracticeFactory()
    factories.ArticleFactory(slug="fever", picture=picture)
    factories.publish(factories.ArticleFactory(slug="other"))

    pages = [
        client.get(address).content.decode()
        for address in (
            "/", "/articles/", "/articles/other/", "/articles/feed.atom",
            "/sitemap.xml",
        )
    ]  # fmt: skip

    assert re.fullmatch(r"[0-9a-f]{32}", picture.key)
    assert [page for page in pages if picture.key in page] == []
    for address in ("/articles/fever/", "/articles/fever/banner.png"):
        assert client.get(address).status_code == 404
    for key in (str(picture.pk), "hidden", picture.key[:31], picture.key[::-1]):
        assert client.get(f"/media/pictures/{key}/640.jpg").status_code == 404


# A29: forged forms ############################################################


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "http://testserver.evil.example"},
    ],
)
def test_a29_a_token_that_fits_is_refused_from_elsewhere(practice, headers):
    manager = account("manager")
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager)
    address = change_page(manager)
    sent = fields(client.get(address)) | {"last_name": "Forged", "_save": "1"}

    refused = client.post(address, sent, headers=headers)
    accepted = client.post(address, sent, headers={"origin": "http://testserver"})

    assert (refused.status_code, accepted.status_code) == (403, 302)


# A36: fields that a form does not have ########################################


def test_a36_what_a_form_does_not_ask_is_not_taken(practice):
    writer = account("writer")
    article = factories.ArticleFactory(title="Fever")
    article.written(writer)
    other = doctor_account()
    forged = {
        "state": State.PUBLISHED, "status": "published", "signed_by": other.pk,
        "signed_at_0": "2026-01-01", "edited_by": other.pk, "version": "99",
        "submitted_by": other.pk, "published_at": "2026-01-01", "is_staff": "on",
        "live_from": "2026-01-01", "review_months": "1", "publish_at": "2026-01-01",
        "is_superuser": "on",
    }  # fmt: skip
    before = Article.objects.filter(pk=article.pk).values().get()

    save(
        signed_in(writer),
        f"{article.get_desk_url()}change/",
        title="Fever and cough",
        **forged,
    )

    after = Article.objects.filter(pk=article.pk).values().get()
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"title", "version", "updated_at", "edited_at", "signed_content"}
    assert (after["title"], after["state"]) == ("Fever and cough", State.DRAFT)
    assert (after["edited_by_id"], after["signed_by_id"]) == (writer.pk, None)
    assert article.editions.count() == 0
    writer.refresh_from_db()
    assert (writer.is_superuser, stored(writer)["groups"]) == (False, ["writer"])


# A38: forged formsets #########################################################


@pytest.fixture
def two_articles(practice):
    """Two articles with a source each."""
    articles = [factories.ArticleFactory() for _ in range(2)]
    for article in articles:
        factories.SourceFactory(article=article, title=f"Source of {article.slug}")
    return articles


def sources():
    return list(Source.objects.order_by("pk").values("pk", "article", "title"))


def sent_by(client, article, **forged):
    address = f"{article.get_desk_url()}change/"
    return client.post(address, fields(client.get(address)) | forged | {"_save": "1"})


def test_a38_no_row_of_another_article_is_taken_over(two_articles):
    mine, theirs = two_articles
    before = sources()
    other = str(theirs.sources.get().pk)

    for forged in (
        {"sources-0-id": other, "sources-0-title": "Taken"},
        {"sources-0-id": other, "sources-0-DELETE": "on"},
        {
            "sources-TOTAL_FORMS": "2",
            "sources-INITIAL_FORMS": "2",
            "sources-1-id": other,
            "sources-1-title": "Taken",
            "sources-1-position": "0",
        },
        {"sources-0-article": str(theirs.pk)},
    ):
        answer = sent_by(signed_in(account("writer")), mine, **forged)

        assert answer.status_code in (200, 302, 400), forged
        assert sources() == before, forged


@pytest.mark.parametrize("prefix", ["sources", "related"])
@pytest.mark.parametrize("count", ["100000", "99999999999999999999", "-1", "x", ""])
def test_a38_no_number_of_rows_breaks_a_form_or_adds_one(two_articles, prefix, count):
    article = two_articles[0]
    before = sources()

    answer = sent_by(
        signed_in(account("writer")), article, **{f"{prefix}-TOTAL_FORMS": count}
    )

    assert answer.status_code in (200, 302, 400)
    assert sources() == before
    assert Related.objects.count() == 0


def test_a38_no_forged_row_of_the_practice_is_taken(practice):
    before = list(Phone.objects.values())
    client = signed_in(account("manager"))
    page = "/admin/clinic/practice/1/change/"

    for forged in (
        {"phones-0-id": "999999"},
        {"phones-TOTAL_FORMS": "100000"},
        {"phones-INITIAL_FORMS": "0", "phones-0-practice": "2"},
        {"doctors-0-id": "999999"},
    ):
        sent = fields(client.get(page)) | forged | {"_save": "1"}
        assert client.post(page, sent).status_code in (200, 302, 400), forged
        assert list(Phone.objects.values()) == before, forged


# A40: previews ################################################################


def test_a40_a_preview_is_for_who_has_signed_in_and_leaves_no_trace(practice):
    article = factories.ArticleFactory()
    address = f"{article.get_desk_url()}preview/"

    stranger, shown = Client().get(address), signed_in(account("writer")).get(address)

    assert stranger.status_code == 302
    assert stranger["Location"].startswith("/admin/login/")
    assert shown.status_code == 200
    assert "no-store" in shown["Cache-Control"]
    assert shown["Referrer-Policy"] == "same-origin"


def test_a40_a_preview_ends_with_the_session_and_with_the_role(practice):
    article = factories.ArticleFactory()
    address = f"{article.get_desk_url()}preview/"
    writer = account("writer")
    client = signed_in(writer)

    writer.groups.clear()
    without_role = client.get(address).status_code
    client.post("/admin/logout/")

    assert (without_role, client.get(address).status_code) == (403, 302)


# A41: making oneself more #####################################################


@pytest.fixture
def mighty():
    """A role of the practice that may more than a manager can give."""
    group = Group.objects.create(name="Mighty")
    group.permissions.add(Permission.objects.get(codename="change_group"))
    return group


def test_a41_a_manager_gives_no_role_that_is_above_him(mighty):
    harmless = Group.objects.create(name="Guests")
    harmless.permissions.add(Permission.objects.get(codename="view_topic"))
    other = account("writer")
    client = signed_in(account("manager"))

    page = client.get(change_page(other))
    offered = {
        box.attributes["value"] for box in parsed(page).css("input[name=groups]")
    }
    save(client, change_page(other), groups=[str(mighty.pk)])

    assert str(harmless.pk) in offered
    assert str(mighty.pk) not in offered
    assert stored(other)["groups"] == ["writer"]


@pytest.mark.parametrize("active", [True, False])
def test_a41_a_manager_takes_over_no_account_that_is_above_him(mighty, active):
    other = account("writer", is_active=active)
    other.groups.add(mighty)
    client = signed_in(account("manager"))
    before = stored(other)
    new = {"password1": "x" * 20, "password2": "x" * 20, "set-password": "1"}

    answers = [
        client.post(change_page(other), {"email": "thief@example.org"}).status_code,
        client.post(f"{USERS}{other.pk}/password/", new).status_code,
    ]

    assert answers == [403, 403]
    assert stored(other) == before


def test_a41_who_may_change_roles_but_not_everything_changes_none(mighty):
    user = account()
    user.groups.add(mighty)
    client = signed_in(user)
    forged = {"name": "Mighty", "permissions": [str(Permission.objects.first().pk)]}
    before = set(mighty.permissions.all())

    answers = [
        client.post(change_page(mighty), forged).status_code,
        client.post(f"{GROUPS}add/", forged).status_code,
        client.post(f"{GROUPS}{mighty.pk}/delete/", {"post": "yes"}).status_code,
    ]

    assert answers == [403, 403, 403]
    assert set(mighty.permissions.all()) == before


def test_a41_who_may_delete_accounts_deletes_none_that_is_above(mighty):
    above = account()
    above.groups.add(mighty)
    root, user = factories.UserFactory(), account("manager")
    user.user_permissions.add(Permission.objects.get(codename="delete_user"))
    client = signed_in(user)

    for other in (above, root):
        one = client.post(f"{USERS}{other.pk}/delete/", {"post": "yes"})
        client.post(
            USERS,
            {
                "action": "delete_selected",
                "_selected_action": [other.pk],
                "post": "yes",
            },
        )
        assert one.status_code == 403
        assert User.objects.filter(pk=other.pk).exists()


def test_a41_what_an_account_may_do_is_written_down_and_the_doctor_is_told():
    doctor = doctor_account(username="ada")
    manager, other = account("manager", username="max"), account("writer")
    client = signed_in(manager)

    save(
        client,
        change_page(other),
        groups=[str(Group.objects.get(name="reviewer").pk)],
        doctor=str(doctor.doctor_id),
    )

    rows = AuditEntry.objects.filter(kind__in=["POWERS", "LINKED"]).order_by("pk")
    assert list(rows.values_list("kind", "name", "object_key", "details")) == [
        (
            "POWERS",
            "max",
            str(other.pk),
            [{"given": ["reviewer", str(doctor.doctor)]}, {"taken": ["writer"]}],
        ),
        (
            "LINKED",
            "max",
            str(doctor.doctor_id),
            [{"accounts": [other.username]}],
        ),
    ]
    told = parsed(signed_in(doctor).get("/admin/")).css_first("#content").text()
    assert f"max linked an account to “{doctor.doctor}” (doctor)." in told
    assert f"The account: {other.username}." in told
    of_other = parsed(signed_in(other).get("/admin/")).css_first("#content").text()
    assert "Given: Reviewer" in of_other
    assert "linked an account" not in signed_in(manager).get("/admin/").text


def test_a41_a_new_password_by_somebody_else_is_told_to_whose_it_is():
    other = account("writer", username="wilma")
    client = signed_in(account("manager", username="max"))
    sentence = "max set a new password for “wilma” (account)."
    before = signed_in(other).get("/admin/").text

    new = {"password1": PASSWORD, "password2": PASSWORD}
    answer = save(client, f"{USERS}{other.pk}/password/", **new)

    assert errors(answer) == []
    assert sentence not in before
    assert sentence in signed_in(User.objects.get(pk=other.pk)).get("/admin/").text


# R19: two people save the same ################################################


def test_r19_a_form_that_was_open_gives_back_no_role_that_was_taken_away():
    other = account("manager")
    address = change_page(other)
    mine, theirs = (signed_in(account("manager")) for _ in range(2))
    opened = fields(mine.get(address))

    save(theirs, address, groups=[])
    answer = mine.post(address, opened | {"last_name": "Late", "_save": "1"})

    assert "in the meantime" in " ".join(errors(answer))
    assert 'value="Late"' in answer.text
    found = stored(other)
    assert (found["groups"], found["last_name"]) == ([], "")
    again = mine.post(address, fields(answer) | {"_save": "1"})
    assert again.status_code == 200  # the page that was refused stays refused


CHANGES = {
    "topic": {"position": "7"},
    "condition": {"icd10": "C22.0"},
    "wording": {"reason": "Other."},
    "synonym": {"means": "other"},
    "redirect": {"path": "/other"},
    "picture": {"name": "Other"},
    "group": {"name": "Other"},
    "practice": {"name": "Other"},
    "term": {"definition": "Other."},
    "statement": {"body": "<p>Other.</p>"},
    "article": {"title": "Other"},
}


@pytest.fixture
def rows():
    doctor, writer = doctor_account(), account("writer")
    return permissions.rows_of(doctor, writer) | {"doctor": doctor}


@pytest.mark.parametrize("kind", CHANGES)
def test_r19_nobody_overwrites_unseen_what_a_colleague_has_saved(staff, rows, kind):
    row = rows["draft" if kind == "article" else kind]
    row = type(row).objects.get(pk=row.pk)
    app, change = row._meta.app_label, CHANGES[kind]
    address = f"/admin/{app}/{kind}/{row.pk}/change/"
    opened = fields(staff.get(address))

    theirs = save(staff, address, **change)
    saved = type(row).objects.filter(pk=row.pk).values().get()
    mine = staff.post(address, opened | {"_save": "1"})

    assert errors(theirs) == []
    assert "in the meantime" in " ".join(errors(mine))
    assert type(row).objects.filter(pk=row.pk).values().get() == saved


def test_r19_nothing_is_saved_that_somebody_has_deleted_meanwhile(staff):
    article = factories.ArticleFactory()
    address = f"{article.get_desk_url()}change/"
    opened = fields(staff.get(address))

    staff.post(f"{article.get_desk_url()}delete/", {"post": "yes"})
    answer = staff.post(address, opened | {"title": "Late", "_save": "1"}, follow=True)

    assert answer.status_code == 200
    assert Article.objects.exists() is False
    assert "Perhaps it was deleted?" in answer.text


def test_r19_the_same_save_twice_changes_nothing_twice(staff):
    article = factories.ArticleFactory()
    address = f"{article.get_desk_url()}change/"
    sent = fields(staff.get(address)) | {"title": "Once", "_save": "1"}

    first, second = staff.post(address, sent), staff.post(address, sent)

    assert (first.status_code, second.status_code) == (302, 200)
    assert AuditEntry.objects.filter(kind="CHANGED").count() == 1

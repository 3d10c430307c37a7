"""The sample: all of it or nothing, and only where there is nothing yet."""

import functools
import stat
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from reversion.models import Revision, Version
from selectolax.lexbor import LexborHTMLParser

from articles import history
from articles.management.commands.load_sample import SAMPLE
from articles.markup import sanitise
from articles.models import (
    Article,
    Edition,
    Entry,
    Review,
    Source,
    State,
    Term,
    Topic,
)
from articles.models.review import months_later
from clinic import legal, pictures, roles
from clinic.models import (
    Doctor,
    Email,
    Location,
    OpeningHours,
    Phone,
    Picture,
    Practice,
    User,
)
from tests import factories
from tests.conftest import is_sure, stored_files

pytestmark = pytest.mark.django_db

BODIES = sorted(SAMPLE.glob("bodies/*.html"))
# The roles are there before: a migration makes them.
EVERYTHING = [
    Article, Doctor, Edition, Email, Entry, Location, OpeningHours, Phone, Picture,
    Practice, Revision, Source, Term, Topic, User, Version,
]  # fmt: skip
draw = pictures.render


@functools.cache
def drawn(name):
    """Draw each sample picture once for all tests: it takes a second."""
    with open(name, "rb") as file:
        return draw(pictures.File(file))


@pytest.fixture(autouse=True)
def portal(settings, tmp_path, monkeypatch):
    """An empty portal with a data folder of its own."""
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(pictures, "render", lambda file: drawn(file.name))


def load(**options):
    """Load the sample and return what was said."""
    said = StringIO()
    call_command("load_sample", stdout=said, stderr=said, **options)
    return said.getvalue()


def counts():
    return {model.__name__: model._default_manager.count() for model in EVERYTHING}


def password():
    return (django_settings.DATA_DIR / "first-password").read_text()


@pytest.fixture
def editor(client):
    load()
    assert client.login(username="editor", password=password()) is True
    is_sure(client)
    return client


# What is loaded ##############################################################


def test_everything_is_loaded_and_live():
    load()

    assert len(BODIES) == 12
    assert Article.objects.count() == Edition.objects.live().count() == len(BODIES)
    assert 0 not in counts().values()
    for edition in Edition.objects.live():
        assert edition.article.differs_from(edition) is False
        assert edition.article.problems() == []


def test_no_doctor_of_the_portal_is_said_to_have_read_a_sample():
    load()

    assert Review.objects.count() == 0
    for edition in Edition.objects.all():
        assert edition.signed_by is edition.published_by is edition.written_by is None
    assert set(Article.objects.values_list("state", flat=True)) == {State.PUBLISHED}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "en",
            "Sample text. No doctor has reviewed this page, and it is no medical "
            "advice.",
        ),
        (
            "it",
            "Testo di esempio. Nessun medico ha controllato questa pagina, che non è "
            "un parere medico.",
        ),
    ],
)
def test_a_page_of_the_sample_shows_no_review(client, language, sentence):
    load()
    edition = Edition.objects.live().filter(language=language).first()

    page = LexborHTMLParser(client.get(edition.get_absolute_url()).text)

    assert page.css_first(".sample").text() == sentence
    assert page.css(".review, .caution") == []


@time_machine.travel(datetime(2026, 1, 31, 12, tzinfo=UTC), tick=False)
def test_the_first_reviews_are_spread_evenly_over_three_years():
    load()

    begins, ends = date(2026, 1, 31), date(2029, 1, 31)
    days = sorted(Article.objects.values_list("first_review_date", flat=True))
    pairs = days[::2]
    gaps = {(b - a).days for a, b in zip([begins, *pairs], pairs, strict=False)}
    assert days[0] > begins
    assert days[-1] == ends == months_later(begins, 36)
    assert days[::2] == days[1::2]  # both languages are reviewed together
    assert len(pairs) == len(BODIES) // 2
    assert max(gaps) - min(gaps) <= 1


def test_a_sample_is_overdue_for_readers_only_after_its_first_review_and_the_grace():
    load()
    practice = Practice.objects.get()
    edition = Edition.objects.live().first()
    due = edition.article.first_review_date
    grace = timedelta(days=practice.review_grace_days)

    assert edition.review_due_date == due
    for day, overdue in ((due, False), (due + grace, False), (due + grace, True)):
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        with time_machine.travel(noon + timedelta(days=overdue), tick=False):
            assert edition.is_overdue(practice) is overdue


def test_the_history_of_every_sample_begins_with_the_text_that_was_loaded():
    load()

    for article in Article.objects.all():
        save = history.saves_of(article).get()
        text = history.of_save(save)
        assert text.content == article.copied() | {
            "original_edition_id": article.original_edition_id
        }
        assert text.sources == article.sources_as_list() != []
        assert save.revision.user is None


def test_everything_is_marked_as_sample():
    load()

    assert set(Edition.objects.values_list("is_sample", flat=True)) == {True}
    assert set(Article.objects.values_list("is_sample", flat=True)) == {True}
    assert Practice.objects.current().is_sample is True


def test_every_article_is_valid_and_complete():
    load()

    for article in Article.objects.all():
        article.full_clean()
        assert article.picture_alt != ""
        assert article.summary != ""
        assert article.key_phrases != ""
        assert article.author is not None
        assert article.rendered.headings != []


def test_every_row_of_the_practice_is_valid():
    load()

    for model in (Practice, Doctor, Phone, Email, Location, OpeningHours):
        for row in model._default_manager.all():
            row.full_clean()


def test_the_contact_page_of_the_sample_lacks_nothing(client):
    load()
    place, doctor = Location.objects.get(), Doctor.objects.get()

    page = client.get("/contact/").text

    assert (place.province, place.point) == ("RM", "41.900000, 12.500000")
    assert place.map_picture.src in page
    for text in (place.directions, place.parking, place.access, place.map_description):
        assert set(text.data) == {"en", "it"}
        assert str(text) in page
    for phone in Phone.objects.all():
        assert phone.spoken == ["Italian", "English"]
    assert "Languages spoken: Italian, English." in page
    assert f"{doctor.registration_body} no. {doctor.registration_number}" in page
    assert "title obtained in Italy" in page


def test_of_the_sample_the_law_asks_for_nothing_more():
    load()

    assert legal.missing(Practice.objects.current()) == []


def test_every_article_has_sources_with_a_title_and_a_link():
    load()

    for edition in Edition.objects.live():
        assert edition.sources != []
        for source in edition.sources:
            assert source["title"] != ""
            assert source["url"].startswith("https://")
    for source in Source.objects.all():
        source.full_clean()


def test_english_and_italian_belong_together():
    load()

    languages = [code for code, _name in django_settings.LANGUAGES]
    for edition in Edition.objects.live():
        translations = edition.translations()
        assert list(translations) == languages
        assert None not in translations.values()
        assert translations[edition.language] == edition.get_absolute_url()
    pairs = {
        frozenset(edition.translations().values()) for edition in Edition.objects.all()
    }
    assert len(pairs) == len(BODIES) // len(languages)


def test_every_page_of_the_sample_is_served(client):
    load()

    for edition in Edition.objects.live():
        response = client.get(edition.get_absolute_url())
        assert response.status_code == 200
        assert edition.picture.src in response.content.decode()


def test_every_picture_is_a_drawing_with_its_files():
    load()

    assert Picture.objects.count() == 8  # six articles, the doctor, the map
    assert set(Picture.objects.values_list("is_drawing", flat=True)) == {True}
    expected = sum(2 * len(picture.widths) for picture in Picture.objects.all())
    assert len(stored_files()) == expected


def test_no_real_person_receives_mail_for_the_sample():
    load()

    domains = {email.address.partition("@")[2] for email in Email.objects.all()}
    assert domains == {"example.org"}
    assert set(User.objects.values_list("email", flat=True)) == {""}


def words(html):
    return LexborHTMLParser(f"<body>{html}").body.text(separator=" ").split()


def marks(html):
    """What carries meaning beside the words: headings, lists, cells, links …"""
    body = LexborHTMLParser(f"<body>{html}").body
    return [
        (node.tag, node.attributes.get("href"), node.attributes.get("class"))
        for node in body.css("a, blockquote, em, h2, h3, li, ol, table, td, th, tr, ul")
    ]


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_cleaning_takes_nothing_from_a_sample_text(path):
    written = path.read_text(encoding="utf-8")

    stored = sanitise(written)

    assert words(stored) == words(written)
    assert marks(stored) == marks(written)
    assert sanitise(stored) == stored


# Only into an empty portal ###################################################


def test_a_second_load_changes_nothing_and_says_nothing():
    load()
    before, files, first = counts(), stored_files(), password()

    said = load(only_if_empty=True)

    assert said == ""
    assert (counts(), stored_files(), password()) == (before, files, first)


def test_a_second_load_on_demand_is_refused_with_a_sentence():
    load()
    before = counts()

    with pytest.raises(CommandError, match="sample content is only for an empty"):
        load()

    assert counts() == before


@pytest.mark.parametrize(
    "make",
    [
        factories.UserFactory,
        factories.PracticeFactory,
        factories.TopicFactory,
        factories.ArticleFactory,
    ],
)
def test_nothing_is_loaded_where_there_is_something(make):
    make()
    before = counts()

    said = load(only_if_empty=True)
    with pytest.raises(CommandError):
        load()

    assert said == ""
    assert counts() == before
    assert stored_files() == []
    assert not (django_settings.DATA_DIR / "first-password").exists()


# Interrupted #################################################################


class PowerCut(BaseException):
    """No Exception: like KeyboardInterrupt, nothing catches it by accident."""


@pytest.mark.parametrize(
    ("owner", "method", "calls"),
    [
        (Doctor.objects, "create", 0),
        (Article, "publish_unreviewed", 0),
        (Article, "publish_unreviewed", 6),
        (User.objects, "create_user", 0),
        (Group.objects, "filter", 0),
    ],
    ids=["practice", "first article", "middle", "editor", "roles"],
)
def test_an_interrupted_load_leaves_nothing_and_the_next_one_succeeds(
    owner, method, calls
):
    whole, done = getattr(owner, method), []

    def interrupted(*args, **kwargs):
        if len(done) == calls:
            assert stored_files() != []
            raise PowerCut
        done.append(method)
        return whole(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, method, interrupted)
        with pytest.raises(PowerCut):
            load()

    assert set(counts().values()) == {0}
    assert stored_files() == []
    assert not (django_settings.DATA_DIR / "first-password").exists()

    load(only_if_empty=True)

    assert Edition.objects.live().count() == len(BODIES)
    assert authenticate(username="editor", password=password()) is not None


def test_a_password_that_cannot_be_written_leaves_nothing(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "not there"

    with pytest.raises(FileNotFoundError):
        load()

    assert set(counts().values()) == {0}
    assert stored_files() == []


# The editor ##################################################################


def test_the_password_is_for_the_owner_of_the_server_only():
    load()

    path = django_settings.DATA_DIR / "first-password"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(password()) >= 16


def test_a_password_file_of_before_is_replaced_and_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    elsewhere.chmod(0o644)
    (tmp_path / "first-password").symlink_to(elsewhere)

    load()

    assert elsewhere.read_text() == "untouched"
    assert (tmp_path / "first-password").is_symlink() is False


# Rolled back, the content types would stand in Django's memory under other numbers.
@pytest.mark.django_db(transaction=True)
def test_every_portal_has_a_password_of_its_own():
    load()
    first = password()
    # Editions are never deleted but with all the rest.
    call_command("flush", interactive=False)

    load()

    assert password() != first


def test_the_editor_signs_in_by_the_form_of_the_desk(client):
    load()

    response = client.post(
        "/admin/login/",
        {"username": "editor", "password": password(), "next": "/admin/"},
    )

    assert response.status_code == 302
    assert response.url == "/admin/"
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (True, False)


def test_the_editor_is_the_doctor_of_the_practice_in_every_role():
    load()

    user = User.objects.get()
    names = set(user.groups.values_list("name", flat=True))
    assert (
        names == set(roles.NAMES) == set(Group.objects.values_list("name", flat=True))
    )
    assert user.doctor == Doctor.objects.get()
    assert list(user.user_permissions.all()) == []


def test_the_editor_may_do_the_work_of_the_practice(editor):
    article = Article.objects.first()
    addresses = [
        "/admin/",
        "/admin/clinic/practice/1/change/",
        "/admin/clinic/picture/add/",
        "/admin/clinic/user/add/",
        "/admin/articles/topic/add/",
        "/admin/articles/wording/add/",
        "/admin/articles/article/add/",
        "/admin/articles/article/deleted/",
        *(
            f"/admin/articles/article/{article.pk}/{page}/"
            for page in (
                "change", "preview", "history", "submit", "return", "sign", "publish",
                "review", "call-off", "withdraw", "restore/edition-1",
            )
        ),
    ]  # fmt: skip

    answers = [editor.get(address).status_code for address in addresses]

    assert answers == [200] * len(addresses)


def answer(client, article, step, **changes):
    """Confirm a step at the desk."""
    seen = Article.objects.get(pk=article.pk).standing()
    return client.post(
        f"/admin/articles/article/{article.pk}/{step}/",
        {"version": seen, "when": "now"} | changes,
    )


def test_the_editor_signs_and_publishes(editor):
    article = Article.objects.first()
    article.title = "Changed"
    article.change_note = "The title is new."
    article.written(User.objects.get())

    answer(editor, article, "sign")
    answer(editor, article, "publish")

    edition = article.current_edition()
    assert (edition.number, edition.title) == (2, "Changed")
    assert edition.published_by == edition.signed_by == User.objects.get()
    assert edition.last_review.doctor == Doctor.objects.get()


def test_the_editor_reviews_a_sample(editor):
    article = Article.objects.first()

    answer(editor, article, "review", outcome="CORRECT")

    review = Review.objects.get()
    assert (review.edition, review.reviewer) == (
        article.current_edition(),
        User.objects.get(),
    )
    assert article.current_edition().review_due_date == review.next_due_date


def test_the_editor_adds_an_account_and_gives_it_its_roles(editor):
    typed = {"username": "writer", "password1": "four plain words here"}
    typed["password2"] = typed["password1"]
    role = Group.objects.get(name=roles.WRITER)

    editor.post("/admin/clinic/user/add/", typed)
    added = User.objects.get(username="writer")
    editor.post(
        f"/admin/clinic/user/{added.pk}/change/",
        {"username": "writer", "is_active": "on", "is_staff": "on", "groups": role.pk},
    )

    added.refresh_from_db()
    assert list(added.groups.all()) == [role]
    assert (added.is_staff, added.is_superuser) == (True, False)


POWERS = {
    "username": "editor",
    "is_active": "on",
    "is_staff": "on",
    "is_superuser": "on",
    "user_permissions": ["1", "2", "3"],
}


def test_the_editor_raises_neither_himself_nor_anybody_else(editor):
    other = factories.UserFactory(is_superuser=False, username="other")

    for user in (User.objects.get(username="editor"), other):
        editor.post(
            f"/admin/clinic/user/{user.pk}/change/",
            POWERS | {"username": user.username},
        )

    assert User.objects.filter(is_superuser=True).count() == 0
    assert User.user_permissions.through.objects.count() == 0
    assert User.objects.get(username="editor").groups.count() == len(roles.NAMES)


@pytest.mark.parametrize("page", ["change", "password"])
def test_the_editor_does_not_touch_the_account_of_a_superuser(editor, page):
    above = factories.UserFactory(username="above")
    address = f"/admin/clinic/user/{above.pk}/{page}/"
    forged = POWERS | {"password1": "four plain words", "password2": "four plain words"}
    before = User.objects.values().get(pk=above.pk)

    editor.post(address, forged)

    assert editor.post(address, forged).status_code == 403
    assert User.objects.values().get(pk=above.pk) == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_editor_deletes_no_account_and_changes_no_role(editor, method):
    user, group = User.objects.get(), Group.objects.first()
    before = set(Group.permissions.through.objects.values_list())
    addresses = [
        f"/admin/clinic/user/{user.pk}/delete/",
        "/admin/auth/group/add/",
        f"/admin/auth/group/{group.pk}/delete/",
    ]

    answers = [
        getattr(editor, method)(address, POWERS).status_code for address in addresses
    ]
    editor.post(f"/admin/auth/group/{group.pk}/change/", {"name": "changed"})

    assert answers == [403] * len(addresses)
    assert User.objects.get() == user
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.NAMES)
    assert set(Group.permissions.through.objects.values_list()) == before


def test_the_permissions_of_the_editor_are_those_of_the_three_roles(editor):
    permissions = User.objects.get().get_all_permissions()

    models = {permission.partition("_")[2] for permission in permissions}
    assert models == {
        "article", "auditentry", "closure", "condition", "doctor", "edition", "email",
        "group",
        "linkplace", "location", "missedaddress", "notice", "openinghours", "phone",
        "picture", "practice", "redirect", "review", "source", "statement", "synonym",
        "term", "topic", "unfound", "user", "wording",
    }  # fmt: skip
    guarded = ("_edition", "_review", "_group", "_user")
    assert {name for name in permissions if name.endswith(guarded)} == {
        "articles.view_edition", "articles.view_review", "auth.view_group",
        "clinic.add_user", "clinic.change_user", "clinic.view_user",
    }  # fmt: skip
    assert {"articles.sign_article", "articles.publish_article"} <= permissions


# The glossary #################################################################


def test_every_sample_word_is_explained_in_both_languages():
    load()
    entries = Entry.objects.current()
    pairs = {
        (entry.name, entry.term.translation_of.name)
        for entry in entries.filter(language="it").select_related(
            "term__translation_of"
        )
    }

    assert entries.filter(language="en").count() == len(pairs) == 15
    assert {("biopsia", "biopsy"), ("neutropenia", "neutropenia")} < pairs


def test_no_doctor_is_said_to_have_checked_a_sample_word():
    load()

    assert set(Entry.objects.values_list("is_sample", "reviewed_date")) == {
        (True, None)
    }


def test_a_sample_definition_is_short_and_plain():
    load()

    for entry in Entry.objects.all():
        assert len(entry.definition) <= 160, entry
        assert entry.definition.endswith("."), entry

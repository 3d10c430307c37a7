"""The sample: all of it or nothing, and only where there is nothing yet."""

import functools
import stat
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from selectolax.lexbor import LexborHTMLParser

from articles.management.commands.load_sample import SAMPLE
from articles.markup import sanitise
from articles.models import Article, Edition, Source, Topic
from clinic import legal, pictures
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
from tests.conftest import stored_files

pytestmark = pytest.mark.django_db

BODIES = sorted(SAMPLE.glob("bodies/*.html"))
EVERYTHING = [
    Article, Doctor, Edition, Email, Group, Location, OpeningHours, Phone, Picture,
    Practice, Source, Topic, User,
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
        (Article, "publish", 0),
        (Article, "publish", 6),
        (Group.objects, "get_or_create", 0),
        (User.objects, "create_user", 0),
    ],
    ids=["practice", "first article", "middle", "group", "editor"],
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


def test_every_portal_has_a_password_of_its_own():
    load()
    first = password()
    for model in (Edition, Source, Article, Topic, User, Group, Practice):
        model._default_manager.all().delete()

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


def test_the_editor_may_do_the_work_of_the_practice(editor):
    article = Article.objects.first()
    addresses = [
        "/admin/clinic/practice/1/change/",
        "/admin/clinic/picture/add/",
        "/admin/articles/topic/add/",
        "/admin/articles/article/add/",
        f"/admin/articles/article/{article.pk}/change/",
        f"/admin/articles/article/{article.pk}/preview/",
        f"/admin/articles/article/{article.pk}/publish/",
        f"/admin/articles/article/{article.pk}/withdraw/",
    ]

    answers = [editor.get(address).status_code for address in addresses]

    assert answers == [200] * len(addresses)


def test_the_editor_publishes(editor):
    article = Article.objects.first()

    editor.post(
        f"/admin/articles/article/{article.pk}/publish/", {"version": "0", "live": "1"}
    )

    assert article.live_edition().number == 2
    assert article.live_edition().published_by.username == "editor"


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_editor_manages_no_accounts(editor, method):
    user = User.objects.get()
    forged = {"username": "editor", "is_superuser": "on", "is_staff": "on"}
    addresses = [
        "/admin/clinic/user/",
        "/admin/clinic/user/add/",
        f"/admin/clinic/user/{user.pk}/change/",
        f"/admin/clinic/user/{user.pk}/password/",
        f"/admin/clinic/user/{user.pk}/delete/",
        "/admin/auth/group/",
        "/admin/auth/group/add/",
    ]

    answers = [
        getattr(editor, method)(address, forged).status_code for address in addresses
    ]

    assert answers == [403] * len(addresses)
    assert User.objects.get().is_superuser is False


def test_the_permissions_of_the_editor_are_those_of_content_alone(editor):
    permissions = User.objects.get().get_all_permissions()

    assert "articles.publish_article" in permissions
    models = {permission.partition("_")[2] for permission in permissions}
    assert models == {
        "article", "closure", "doctor", "email", "location", "notice", "openinghours",
        "phone", "picture", "practice", "source", "statement", "topic",
    }  # fmt: skip

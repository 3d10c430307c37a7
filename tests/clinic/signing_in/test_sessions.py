"""A28: sessions that are given, kept or stolen; when they end, and who sees them."""

import re

import pytest
from django.conf import settings as django_settings
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from clinic.models import Session, User
from clinic.signing_in.sessions import SessionStore
from tests.clinic.signing_in.conftest import (
    INDEX,
    LOGIN,
    PASSWORD,
    from_address,
    is_signed_in,
    session_cookie,
    sign_in,
    type_code,
    type_password,
)

pytestmark = pytest.mark.django_db
OWN = "/admin/you/"
NEW = "another river often cinnamon"
HOUR = 3600


@pytest.fixture
def two(anna, app, clock):
    """Anna in two browsers."""
    here = sign_in(Client(headers={"user-agent": "Firefox/140 Windows"}), app)
    clock.shift(30)
    there = sign_in(
        Client(REMOTE_ADDR="203.0.113.9", headers={"user-agent": "Safari/600 iPhone"}),
        app,
    )
    return here, there


# Given #######################################################################


def test_a28_the_key_is_another_at_each_step(client, anna, app):
    client.cookies["session"] = "given-by-somebody-else-0123456789"
    type_password(client)
    after_password = session_cookie(client)
    type_code(client, app())
    after_code = session_cookie(client)

    assert len({"given-by-somebody-else-0123456789", after_password, after_code}) == 3
    assert not Session.objects.filter(pk=after_password).exists()
    thief = Client()
    thief.cookies["session"] = after_password
    assert not is_signed_in(thief)


def test_a28_the_table_of_sessions_opens_none(client, anna, app):
    sign_in(client, app)
    row = Session.objects.get()
    thief = Client()

    thief.cookies[django_settings.SESSION_COOKIE_NAME] = row.session_key

    assert row.session_key != session_cookie(client)
    assert not is_signed_in(thief)
    assert is_signed_in(client)


def test_a28_a_cookie_stays_at_the_desk_and_out_of_scripts(client, anna, app):
    sign_in(client, app)

    for name in ("session", "device"):
        cookie = client.cookies[name]
        assert cookie["path"] == "/admin/"
        assert cookie["httponly"] is True
        assert cookie["samesite"] in {"Lax", "Strict"}


def test_a28_the_cookie_of_a_known_browser_opens_nothing(client, anna, app):
    sign_in(client, app)
    other = Client()
    other.cookies["device"] = client.cookies["device"].value

    assert not is_signed_in(other)


# Ended #######################################################################


def test_a28_signing_out_ends_the_session_at_the_server(client, anna, app):
    sign_in(client, app)
    stolen = session_cookie(client)

    client.post("/admin/logout/")

    client.cookies["session"] = stolen
    assert not is_signed_in(client)
    assert Session.objects.count() == 0


def test_a28_a_new_password_ends_all_other_sessions(two, anna):
    here, there = two
    response = here.post(
        "/admin/password_change/",
        {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW},
    )

    assert response.status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert Session.objects.of(anna).count() == 1


def test_a28_a_password_that_somebody_else_sets_ends_all_sessions(two, anna):
    anna.set_password(NEW)
    anna.save()

    assert [is_signed_in(client) for client in two] == [False, False]


@pytest.mark.parametrize("way", ["save", "update"])
def test_a28_whoever_is_no_longer_on_staff_is_out_at_once(two, anna, way):
    if way == "save":
        anna.is_active = False
        anna.save()
        assert Session.objects.of(anna).count() == 0
    else:
        User.objects.update(is_active=False)

    assert [is_signed_in(client) for client in two] == [False, False]


def test_a28_a_deleted_account_is_out_at_once(two, anna):
    anna.delete()

    assert [is_signed_in(client) for client in two] == [False, False]


def test_a28_an_hour_without_a_request_ends_a_session(client, anna, app, clock):
    sign_in(client, app)
    for _times in range(5):
        clock.shift(HOUR - 60)
        assert is_signed_in(client)

    clock.shift(HOUR)

    assert not is_signed_in(client)


def test_a28_half_a_day_ends_a_session_however_busy(client, anna, app, clock):
    sign_in(client, app)
    for _times in range(23):
        clock.shift(HOUR / 2)
        assert is_signed_in(client)
        # What is written into a session must not make it younger.
        client.post("/admin/language/", {"language": "it", "next": INDEX})
        client.get(f"{OWN}app/")

    clock.shift(HOUR / 2)

    assert not is_signed_in(client)


def test_looking_at_pages_writes_no_more_than_once_a_minute(
    client, anna, app, clock, django_assert_num_queries
):
    sign_in(client, app)
    is_signed_in(client)
    clock.shift(59)
    before = Session.objects.get().seen_at
    is_signed_in(client)
    assert Session.objects.get().seen_at == before

    clock.shift(2)
    is_signed_in(client)

    assert Session.objects.get().seen_at == timezone.now()


def test_sessions_that_have_ended_are_cleared_away(anna, app, clock):
    sign_in(Client(), app)
    clock.shift(HOUR - 1)
    second = sign_in(Client(), app)
    clock.shift(2)

    call_command("clearsessions")

    assert Session.objects.count() == 1
    assert SessionStore(session_cookie(second)).load() != {}


def test_r20_who_comes_back_too_late_is_told_that_nothing_is_lost(
    client, anna, app, clock
):
    sign_in(client, app)
    clock.shift(2 * HOUR)

    response = client.post("/admin/articles/topic/add/", {"slug": "x"})

    assert response.url == f"{LOGIN}?next=/admin/articles/topic/add/&ended=1"
    assert "comes back once you have signed in" in client.get(response.url).text
    assert "comes back" not in Client().get(LOGIN).text
    response = type_password(client, path=response.url)
    assert type_code(client, app()).url == "/admin/articles/topic/add/"


# Seen ########################################################################


def test_everybody_sees_where_they_are_signed_in(two):
    here, _there = two
    text = " ".join(re.sub(r"<[^>]+>", " ", here.get(OWN).text).split())

    assert "Firefox, Windows this one" in text
    assert "Safari, iPhone" in text
    assert "203.0.113.0" in text
    assert "203.0.113.9" not in text


def test_one_browser_can_be_signed_out_from_another(two):
    here, there = two
    (name,) = re.findall(r'name="session" value="(\w+)"', here.get(OWN).text)

    here.post(f"{OWN}end/", {"session": name})

    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_signing_out_everywhere_means_here_too(two, anna):
    here, there = two

    assert here.post(f"{OWN}end/").url == LOGIN

    assert [is_signed_in(client) for client in two] == [False, False]
    assert LogEntry.objects.get().change_message == "Signed out everywhere"


def test_a28_nobody_ends_the_session_of_somebody_else(two, anna):
    here, _there = two
    carlo = from_address("192.0.2.1")
    User.objects.create_user("carlo", password=PASSWORD, is_staff=True)
    carlo.force_login(User.objects.get(username="carlo"))
    names = re.findall(r'name="session" value="(\w+)"', here.get(OWN).text)

    carlo.post(f"{OWN}end/", {"session": names[0]})

    assert Session.objects.of(anna).count() == 2


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "(Windows NT 10.0) AppleWebKit Chrome/140 Safari/537 Edg/140",
            "Edge, Windows",
        ),
        ("(iPhone; CPU iPhone OS 18) Version/18 Safari/604", "Safari, iPhone"),
        (
            "(Linux; Android 14) SamsungBrowser/26 Chrome/122 Safari",
            "Samsung Internet, Android",
        ),
        ("curl/8", ""),
        ("", ""),
        ("<script>Firefox</script>", "Firefox"),
    ],
)
def test_a_browser_is_named_in_words_of_ours(rf, said, shown):
    from clinic.browsers import browser_of

    assert browser_of(rf.get("/", headers={"user-agent": said})) == shown

"""A23, A24, A27: guessing passwords and names, and what nobody may use as one."""

import re
from collections import Counter
from ipaddress import ip_network

import pytest
from django.contrib.auth import hashers
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.test import Client, RequestFactory

from clinic import origin, telling
from clinic.environment import BASE_DIR
from clinic.models import AuditEntry, Throttle, User
from clinic.signing_in import forms, throttle
from tests import factories
from tests.clinic.signing_in.conftest import (
    INDEX,
    LOGIN,
    PASSWORD,
    SECOND,
    from_address,
    is_signed_in,
    said,
    sign_in,
    type_code,
    type_password,
)

pytestmark = pytest.mark.django_db
WRONG = "not the password of anybody"


@pytest.fixture
def hashes(monkeypatch):
    """How many passwords have been hashed: that is what an attacker pays for."""
    count = Counter()
    hasher = hashers.MD5PasswordHasher
    encode = hasher.encode

    def counted(self, *args):
        count["hashes"] += 1
        return encode(self, *args)

    monkeypatch.setattr(hasher, "encode", counted)
    return count


def guess(address, name="anna", password=WRONG, **headers):
    """Guess without waiting for the page to be drawn; return what is said."""
    request = RequestFactory().post(
        LOGIN, REMOTE_ADDR=address, headers=headers or {"User-Agent": "guesser"}
    )
    form = forms.NameAndPassword(request, {"username": name, "password": password})
    assert not form.is_valid()
    return form.non_field_errors()[0]


# A23 #########################################################################

TOO_OFTEN = "That was wrong too often. Please try again in 15 minutes."


def test_a23_a_thousand_guesses_at_one_name_from_one_address(anna, clock, hashes):
    answers = Counter(guess("198.51.100.7", password=str(n)) for n in range(1000))

    wrong = str(forms.NameAndPassword.error_messages["invalid_login"])
    assert answers == {wrong: 10, TOO_OFTEN: 990}
    assert hashes["hashes"] == 10
    assert said(type_password(from_address("198.51.100.7"))) == [TOO_OFTEN]


def test_a23_a_thousand_names_from_one_address(anna, clock, hashes):
    for number in range(1000):
        guess("198.51.100.7", name=f"name{number}")

    assert hashes["hashes"] == 60
    assert guess("198.51.100.7", password=PASSWORD) == TOO_OFTEN


def test_a23_one_name_from_a_thousand_networks(anna, clock, hashes):
    for number in range(1000):
        guess(f"198.{number // 250}.{number % 250}.7")

    assert hashes["hashes"] == 60


def test_a23_the_header_of_a_client_is_no_address(anna, clock, hashes):
    for number in range(100):
        guess("198.51.100.7", **{"X-Forwarded-For": f"203.0.{number}.1"})

    assert hashes["hashes"] == 10


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "192.0.2.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "192.0.2.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.9.2.3", "203.0.113.9", "10.9.2.3"),
        ("", "203.0.113.9", "203.0.113.9"),
        ("198.51.100.7", "127.0.0.1", "198.51.100.7"),
    ],
)
def test_a23_only_what_a_proxy_of_ours_has_written_is_believed(
    rf, settings, peer, forwarded, address
):
    settings.PROXIES = [ip_network("127.0.0.1"), ip_network("10.1.0.0/16")]
    request = rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)

    assert origin.address_of(request) == address


def test_a23_guessing_elsewhere_does_not_keep_out_who_is_known_here(anna, app, clock):
    home = sign_in(from_address("203.0.113.9"), app)
    home.post("/admin/logout/")
    for number in range(100):
        guess(f"198.51.{number}.7")
        guess("203.0.113.9")

    clock.shift(60)

    assert "too often" in guess("192.0.2.1", password=PASSWORD)
    assert is_signed_in(sign_in(home, app))


def test_a23_guessing_in_a_known_browser_is_counted_too(anna, app, clock, hashes):
    home = sign_in(from_address("203.0.113.9"), app)
    home.post("/admin/logout/")
    hashes.clear()
    for _guess in range(20):
        type_password(home, password=WRONG)

    assert hashes["hashes"] == 10


def test_a23_a_browser_known_to_one_is_not_known_to_another(anna, app, clock, hashes):
    User.objects.create_user("carlo", password=PASSWORD, is_staff=True)
    mine = sign_in(from_address("203.0.113.9"), app)
    mine.post("/admin/logout/")
    for number in range(100):
        guess(f"198.51.{number}.7", name="carlo")

    assert "too often" in said(type_password(mine, "carlo"))[0]


def test_a23_after_a_quarter_of_an_hour_everybody_may_try_again(anna, app, clock):
    client = from_address("198.51.100.7")
    for _guess in range(30):
        clock.shift(1)
        guess("198.51.100.7")
    assert "too often" in said(type_password(client))[0]

    clock.shift(15 * 60)

    assert is_signed_in(sign_in(client, app))
    assert Throttle.objects.filter(failures__gt=0).count() == 0


def test_a23_the_right_password_clears_only_what_was_ones_own(anna, clock):
    client = from_address("198.51.100.7")
    for _guess in range(5):
        guess("198.51.100.7")

    type_password(client)

    assert sorted(Throttle.objects.values_list("failures", flat=True)) == [5, 5]


def test_a23_guesses_that_come_together_are_all_counted(anna, clock, monkeypatch):
    """Each is counted before it is looked at, so none slips in beside another."""
    seen = []
    checked = forms.AdminAuthenticationForm.clean

    def look(form):
        seen.extend(Throttle.objects.values_list("failures", flat=True))
        return checked(form)

    monkeypatch.setattr(forms.AdminAuthenticationForm, "clean", look)
    type_password(from_address("198.51.100.7"), password=WRONG)

    assert seen == [1, 1, 1]


def test_a23_codes_are_few_too(anna, app, clock):
    client = from_address("198.51.100.7")
    type_password(client)
    answers = Counter(
        said(type_code(client, f"{number:06}"))[0].split(".")[0]
        for number in range(30)
        if f"{number:06}" != app()
    )

    assert answers["That was wrong too often"] >= 24
    assert "too often" in said(type_code(client, app()))[0]


def test_a23_what_is_kept_of_guesses_names_nobody(anna, clock):
    type_password(from_address("198.51.100.7"), password=WRONG)

    kept = repr(list(Throttle.objects.values()))
    assert re.search(r"anna|198\.51|not the password", kept) is None


def test_a23_a_manager_lets_somebody_try_again_at_once(anna, clock):
    for number in range(100):
        guess(f"198.51.{number}.7")

    throttle.forget("Anna ")

    client = from_address("192.0.2.1")
    assert type_password(client).url == SECOND


# A24 #########################################################################


@pytest.mark.parametrize("way", ["forget", "password"])
def test_a23_and_that_in_the_usual_browser_too(anna, app, clock, way):
    client = sign_in(Client(), app)
    clock.shift(60)
    client.logout()
    for _guess in range(10):
        type_password(client, password=WRONG)
    refused = said(type_password(client))

    if way == "forget":
        throttle.forget("anna")
    else:
        anna.set_password(PASSWORD)
        anna.save()

    assert "too often" in refused[0]
    assert type_password(client).url == SECOND


def test_what_is_locked_is_told_of_the_name_that_was_typed(client, anna, clock):
    for name in ("anna", "nobody"):
        for _guess in range(10):
            type_password(client, name, WRONG)

    locked = AuditEntry.objects.filter(kind="LOCKED").order_by("pk")
    assert [telling.sentence(entry) for entry in locked] == [
        "Signing in as anna was locked.",
        "Signing in as a name that no account has was locked.",
    ]


def test_the_longest_names_sign_in(client, anna, app):
    anna.first_name = anna.last_name = "x" * 150
    anna.save()

    sign_in(client, app)

    entry = AuditEntry.objects.filter(kind="SIGNED_IN").get()
    assert len(entry.name) <= entry._meta.get_field("name").max_length


@pytest.fixture
def people(anna):
    """Names that lead to a password, and names that never do."""
    User.objects.create_user("gone", password=PASSWORD, is_staff=True, is_active=False)
    User.objects.create_user("reader", password=PASSWORD)
    User.objects.create_user("keyless", is_staff=True)
    return ["anna", "gone", "reader", "keyless", "ghost"]


def test_a24_every_wrong_sign_in_gets_the_same_answer(people, clock, hashes):
    answers = set()
    costs = Counter()
    for name in people:
        hashes.clear()
        # Whoever is no staff, or has gone, is not told that the password was right.
        password = PASSWORD if name in {"gone", "reader"} else WRONG
        response = type_password(Client(), name, password)
        costs[hashes["hashes"]] += 1
        text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.text)
        answers.add((response.status_code, text.replace(f'value="{name}"', "")))

    assert len(answers) == 1
    assert costs == {1: 5}


def test_a24_waiting_is_the_same_for_names_that_nobody_has(people, clock, hashes):
    answers = set()
    for name in people:
        Throttle.objects.all().delete()
        for _guess in range(10):
            guess("198.51.100.7", name)
        hashes.clear()
        answers.add((guess("198.51.100.7", name), hashes["hashes"]))

    assert answers == {(TOO_OFTEN, 0)}


# A25 #########################################################################


def test_a25_there_is_no_link_for_a_lost_password(client, db):
    assert "password_reset" not in client.get(LOGIN).text
    for path in ("password_reset/", "reset/MQ/set-password/", "password_reset/done/"):
        assert client.get(f"/admin/{path}").status_code in {302, 404}
        assert client.get(f"/{path}").status_code == 404


# A27 #########################################################################


def test_a27_an_empty_portal_has_no_account(db):
    assert User.objects.count() == 0


@pytest.mark.parametrize("name", ["admin", "root", "editor", "test", "portal"])
def test_a27_names_and_passwords_that_everybody_tries_open_nothing(name, client, db):
    for password in (name, "admin", "password", "123456", ""):
        type_password(client, name, password)

    assert client.get(INDEX).status_code == 302


def test_a27_no_key_stands_in_the_repository():
    example = (BASE_DIR / ".env.example").read_text()

    assert re.search(r"(?m)^SECRET_KEY=$", example)


def test_a27_a_portal_without_a_key_of_its_own_does_not_start(monkeypatch):
    from clinic import settings as portal  # noqa: TID251

    monkeypatch.setenv("SECRET_KEY", "")

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY must be set"):
        portal.variable("SECRET_KEY")


# Which passwords may be used #################################################


@pytest.mark.parametrize(
    "password",
    [
        "short words",
        "password1234",
        "Password123!",
        "qwertyuiop12",
        "111111111111",
        "abcdefghijkl",
        "annaannaanna",
        "marconi-clinic",
        "Adalovelace1",
        "aB3$" * 20,
        "123456789012",
    ],
)
def test_a23_passwords_that_are_tried_first_are_refused(password, db):
    factories.PracticeFactory(name="Marconi Clinic")
    factories.DoctorFactory(first_name="Ada", last_name="Lovelace")
    anna = User(username="anna", first_name="Anna", email="anna@example.org")

    with pytest.raises(ValidationError):
        validate_password(password, anna)


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "quattro parole che non c'entrano",
        "αβγδ λόγος κίνησις",
        "x7Kq!vR2pLw9",
        "a long sentence, with commas. " * 3,
        "lamp river often cinnamon " * 8,
    ],
)
def test_long_passwords_of_any_letters_are_welcome(password, db):
    validate_password(password, User(username="anna"))


def test_a_password_of_two_hundred_letters_signs_in(client, db):
    long = "lamp river often cinnamon " * 8
    User.objects.create_user("long", password=long, is_staff=True)

    assert type_password(client, "long", long[:-2]).status_code == 200
    assert type_password(client, "long", long).status_code == 302


def test_every_way_to_a_password_refuses_a_weak_one(client, anna, app, capsys):
    sign_in(client, app)

    response = client.post(
        "/admin/password_change/",
        {
            "old_password": PASSWORD,
            "new_password1": "password1234",
            "new_password2": "password1234",
        },
    )

    assert response.status_code == 200
    assert len(said(response)) > 0
    anna.refresh_from_db()
    assert anna.check_password(PASSWORD)


def test_passwords_are_hashed_as_the_settings_say(settings):
    from clinic import settings as portal  # noqa: TID251

    settings.PASSWORD_HASHERS = portal.PASSWORD_HASHERS

    assert hashers.make_password(PASSWORD).startswith("scrypt$16384$")


def test_old_hashes_are_made_anew_at_sign_in(settings, client, anna):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]

    type_password(client)

    anna.refresh_from_db()
    assert anna.password.startswith("scrypt$")
    assert client.get(SECOND).status_code == 302  # to enrol: it went on

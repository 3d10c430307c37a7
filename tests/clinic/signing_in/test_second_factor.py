"""A26: nothing opens before both factors are shown, and no way leads round them."""

import re
import time
from urllib.parse import quote

import pytest
from django.contrib.admin.models import LogEntry
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from clinic.models import (
    AuditEntry,
    Authenticator,
    Passkey,
    RecoveryCode,
    Session,
    User,
)
from clinic.signing_in import codes, pending
from tests.clinic.signing_in.conftest import (
    ENROL,
    INDEX,
    LOGIN,
    PASSWORD,
    SECOND,
    is_signed_in,
    said,
    session_cookie,
    shown_codes,
    sign_in,
    type_code,
    type_password,
)

pytestmark = pytest.mark.django_db
OWN = "/admin/you/"


def first_sign_in(client):
    """Enrol an app; return its key and the recovery codes."""
    type_password(client)
    client.get(ENROL)
    key = bytes.fromhex(client.session["new_key"])
    now = int(codes.timezone.now().timestamp()) // codes.STEP
    response = client.post(ENROL, {"code": codes.code_at(key, now)})
    return key, shown_codes(response)


# The way in ##################################################################


def test_the_password_leads_to_the_code_and_the_code_to_where_one_wanted(
    client, anna, app
):
    wanted = "/admin/password_change/"

    response = client.get(wanted)
    assert response.url == f"{LOGIN}?next={wanted}"
    response = type_password(client, path=response.url)
    assert response.url == SECOND
    response = type_code(client, app())

    assert response.url == wanted
    assert client.get(wanted).status_code == 200


def test_the_first_sign_in_leads_through_enrolment_to_recovery_codes(client, anna):
    type_password(client, path=f"{LOGIN}?next=/admin/password_change/")
    assert client.get(SECOND).url == ENROL
    page = client.get(ENROL)
    key = bytes.fromhex(client.session["new_key"])
    square = client.get("/admin/login/square.svg")
    now = int(codes.timezone.now().timestamp()) // codes.STEP

    response = client.post(ENROL, {"code": codes.code_at(key, now)})

    assert codes.spoken(key) in page.text
    assert square["Content-Type"] == "image/svg+xml"
    assert "no-store" in square["Cache-Control"]
    assert len(set(shown_codes(response))) == 10
    assert 'href="/admin/password_change/"' in response.text
    assert is_signed_in(client)
    assert bytes(Authenticator.objects.get().key) == key


def test_the_square_says_what_apps_read(client, anna):
    address = codes.address(b"12345678901234567890", anna)

    assert re.fullmatch(
        r"otpauth://totp/anna\?digits=6&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        r"&algorithm=SHA1&period=30",
        address,
    )


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924")],
)
def test_the_codes_are_those_of_rfc_6238(second, code):
    assert codes.code_at(b"12345678901234567890", second // 30) == code


@pytest.mark.parametrize("half_minutes", [-1, 0, 1])
def test_a_clock_that_is_a_little_wrong_is_forgiven(
    client, anna, app, clock, half_minutes
):
    type_password(client)

    assert type_code(client, app(half_minutes)).status_code == 302


@pytest.mark.parametrize("half_minutes", [-20, -2, 2, 20])
def test_a26_a_code_of_another_time_is_refused(client, anna, app, clock, half_minutes):
    type_password(client)

    assert "not right" in said(type_code(client, app(half_minutes)))[0]
    assert not is_signed_in(client)


def test_a26_a_code_opens_once(client, anna, app, clock):
    code = app()
    sign_in(client, app)
    other = Client()
    type_password(other)

    assert "has been used" in said(type_code(other, code))[0]
    assert not is_signed_in(other)
    clock.shift(30)
    assert type_code(other, app()).status_code == 302


@pytest.mark.parametrize(
    "typed",
    ["", "12345", "1234567", "٣٤٥٦٧٨", "abcdef", "-1", "1e5000", "0x1234", "\x00" * 6],
)
def test_a26_what_is_no_code_opens_nothing(client, anna, app, typed):
    type_password(client)

    assert type_code(client, typed).status_code == 200
    assert not is_signed_in(client)


def test_codes_may_be_typed_with_spaces(client, anna, app):
    type_password(client)
    code = app()

    assert type_code(client, f" {code[:3]} {code[3:]} ").status_code == 302


# Recovery codes ##############################################################


def test_a_recovery_code_opens_once_and_says_how_many_are_left(client, anna, app):
    given = codes.new_recovery_codes(anna)
    type_password(client)

    response = type_code(client, given[3].lower().replace("-", " "), follow=True)

    assert "9 are left" in response.text
    other = Client()
    type_password(other)
    assert type_code(other, given[3]).status_code == 200
    assert type_code(other, given[4]).status_code == 302


def test_recovery_codes_are_kept_as_hashes_only(anna):
    given = codes.new_recovery_codes(anna)

    kept = repr(list(RecoveryCode.objects.values()))
    assert [code for code in given if codes.tidied(code) in kept or code in kept] == []


def test_new_recovery_codes_end_the_earlier_ones(anna):
    old, new = codes.new_recovery_codes(anna), codes.new_recovery_codes(anna)

    assert not codes.use_recovery_code(anna, old[0])
    assert codes.use_recovery_code(anna, new[0])


@pytest.mark.django_db(transaction=True)
def test_new_codes_that_cannot_be_kept_leave_the_earlier_ones(anna, monkeypatch):
    earlier = codes.new_recovery_codes(anna)

    def broken(*args):
        raise DatabaseError

    monkeypatch.setattr(QuerySet, "bulk_create", broken)
    with pytest.raises(DatabaseError):
        codes.new_recovery_codes(anna)

    assert codes.use_recovery_code(anna, earlier[3])


def test_a26_the_codes_of_somebody_else_open_nothing(client, anna, app):
    carlo = User.objects.create_user("carlo", password=PASSWORD, is_staff=True)
    codes.new_recovery_codes(anna)
    theirs = codes.new_recovery_codes(carlo)
    type_password(client)

    assert type_code(client, theirs[0]).status_code == 200
    assert not is_signed_in(client)


# Ways round ##################################################################


def desk_addresses():
    from django.contrib import admin

    for name in (
        "index",
        "password_change",
        "own",
        "own_app",
        "own_passkey",
        "own_codes",
    ):
        yield reverse(f"admin:{name}")
    for model in admin.site._registry:
        meta = model._meta
        for page in ("changelist", "add"):
            yield reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a26_after_the_password_alone_no_page_of_the_desk_opens(
    client, anna, app, method
):
    anna.is_superuser = True
    anna.save()
    type_password(client)

    for address in desk_addresses():
        response = getattr(client, method)(address)
        assert response.status_code == 302, address
        assert response.url.startswith(LOGIN), address


def test_a26_a_session_without_the_second_factor_opens_nothing(client, anna, app):
    """Whatever signs somebody in some day: the desk asks what was shown."""
    client.force_login(anna)

    assert client.get(INDEX).url.startswith(LOGIN)


def test_a26_nobody_with_a_factor_enrols_another_before_signing_in(client, anna, app):
    type_password(client)
    key = Authenticator.objects.get().key

    assert client.get(ENROL).url == SECOND
    assert client.post(ENROL, {"code": app()}).url == SECOND
    assert client.get("/admin/login/square.svg").status_code == 404
    assert Authenticator.objects.get().key == key


@pytest.mark.parametrize("path", [SECOND, ENROL])
def test_a26_the_second_step_without_the_first_leads_to_the_first(client, path):
    assert client.get(path).url == f"{LOGIN}?next=%2Fadmin%2F"
    assert client.post(path, {"code": "123456"}).url == f"{LOGIN}?next=%2Fadmin%2F"


def test_a26_the_password_does_not_wait_for_ever(client, anna, app, clock):
    type_password(client)
    clock.shift(pending.LONGEST)

    assert type_code(client, app()).url.startswith(LOGIN)
    assert not is_signed_in(client)


def test_whoever_was_too_slow_is_told_why_to_begin_again(client, anna, clock):
    type_password(client)
    clock.shift(pending.LONGEST + 1)

    response = client.post(ENROL, {"code": "123456"}, follow=True)

    assert "That took more than half an hour" in response.text
    assert "half an hour" not in client.get(LOGIN).text


def test_whose_passkey_is_of_another_address_is_told_so(client, anna):
    Passkey.objects.create(
        user=anna, host="desk.example.org", digest="0" * 64, credential=b""
    )

    type_password(client)

    page = client.get(SECOND).text
    assert "was made for another address of this site" in page
    assert "Or type" not in page


def test_a26_the_password_changes_between_the_steps(client, anna, app):
    type_password(client)
    anna.set_password("another river often cinnamon")
    anna.save()

    assert type_code(client, app()).url.startswith(LOGIN)


def test_a26_an_account_that_is_closed_between_the_steps(client, anna, app):
    type_password(client)
    User.objects.update(is_active=False)

    assert type_code(client, app()).url.startswith(LOGIN)


def test_a26_the_way_on_leads_to_the_portal_only(client, anna, app):
    type_password(client, path=f"{LOGIN}?next=https://evil.example/")

    assert type_code(client, app()).url == INDEX


def test_where_the_second_factor_is_off_who_has_one_is_asked_all_the_same(
    settings, client, anna, app
):
    settings.SECOND_FACTOR = "off"
    carlo = User.objects.create_user("carlo", password=PASSWORD, is_staff=True)

    assert type_password(client).url == SECOND
    other = Client()
    assert type_password(other, carlo.username).url == INDEX
    assert "password alone" in other.get(INDEX).text


# One's own page ##############################################################


@pytest.mark.parametrize("path", ["app/", "passkey/", "codes/", "remove/"])
def test_a26_whoever_changes_a_factor_types_the_password_first(
    client, anna, app, clock, path
):
    sign_in(client, app)
    clock.shift(pending.FRESH)
    asked = f"/admin/you/sure/?next=%2Fadmin%2Fyou%2F{path[:-1]}%2F"

    assert client.get(OWN + path).url == asked
    assert client.post(OWN + path, {"code": app(1)}).url == asked
    assert said(client.post(asked, {"password": "wrong"})) == [
        "That is not your password."
    ]
    assert client.post(asked, {"password": PASSWORD}).url == OWN + path


def test_a26_the_password_there_cannot_be_guessed_either(client, anna, app, clock):
    sign_in(client, app)
    for _guess in range(10):
        client.post("/admin/you/sure/", {"password": "wrong"})

    answer = client.post("/admin/you/sure/", {"password": PASSWORD})

    assert "too often" in said(answer)[0]


def test_a26_the_password_cannot_be_guessed_where_it_is_changed(
    client, anna, app, clock
):
    sign_in(client, app)
    new = {"new_password1": "x" * 20, "new_password2": "y" * 20}
    page = "/admin/password_change/"

    for _guess in range(10):
        response = client.post(page, {"old_password": "not it"} | new)
    wrong = said(response)
    right = said(client.post(page, {"old_password": PASSWORD} | new))

    assert "incorrectly" in wrong[0]
    assert "too often" in right[0]
    kinds = list(AuditEntry.objects.values_list("kind", flat=True))
    assert (kinds.count("SIGN_IN_FAILED"), kinds.count("LOCKED")) == (10, 1)


def test_after_the_password_nobody_is_led_elsewhere(client, anna, app):
    sign_in(client, app)
    asked = "/admin/you/sure/?next=https://evil.example/admin/you/"

    assert client.post(asked, {"password": PASSWORD}).url == OWN


def test_a26_the_only_factor_cannot_be_removed(client, anna, app):
    sign_in(client, app)

    response = client.post(f"{OWN}remove/")

    assert "Add another one first" in response.text
    assert Authenticator.objects.count() == 1


def test_one_of_several_factors_can_be_removed(client, anna, app):
    anna.passkeys.create(
        name="My phone", host="testserver", digest="x", credential=b"x"
    )
    sign_in(client, app)

    elsewhere = client.post(f"{OWN}remove/")
    response = client.post(f"{OWN}remove/", secure=True)

    assert "This is the only one" in elsewhere.text
    assert response.url == OWN
    assert Authenticator.objects.count() == 0
    assert anna.passkeys.count() == 1
    assert LogEntry.objects.get().change_message == "Second factor removed"


@pytest.mark.parametrize("number", ["0", "x", "", "9" * 30, "1"])
def test_a26_nobody_removes_the_passkey_of_somebody_else(client, anna, app, number):
    carlo = User.objects.create_user("carlo", password=PASSWORD, is_staff=True)
    theirs = carlo.passkeys.create(name="Mine", host="x", digest="x", credential=b"x")
    number = str(theirs.pk) if number == "1" else number
    sign_in(client, app)

    assert client.post(f"{OWN}remove/?passkey={number}").status_code == 404
    assert carlo.passkeys.count() == 1


def test_another_app_takes_the_place_of_the_first(client, anna, app, clock):
    codes.new_recovery_codes(anna)
    sign_in(client, app)
    client.get(f"{OWN}app/")
    key = bytes.fromhex(client.session["new_key"])
    now = int(codes.timezone.now().timestamp()) // codes.STEP

    assert client.get("/admin/login/square.svg").status_code == 200
    assert "does not show" in said(client.post(f"{OWN}app/", {"code": "1"}))[0]
    response = client.post(f"{OWN}app/", {"code": codes.code_at(key, now)})

    assert response.url == OWN
    assert bytes(Authenticator.objects.get().key) == key
    assert LogEntry.objects.get().change_message == "Authenticator app added"


def test_new_codes_are_made_on_ones_own_page(client, anna, app):
    old = codes.new_recovery_codes(anna)
    sign_in(client, app)
    assert client.get(f"{OWN}codes/").status_code == 200

    new = shown_codes(client.post(f"{OWN}codes/"))

    assert len(new) == 10
    assert set(new) & set(old) == set()
    assert LogEntry.objects.get().change_message == "New recovery codes"


# Lost phones #################################################################


@pytest.fixture
def manager(client):
    """Somebody who keeps the accounts, signed in with both factors."""
    from tests.clinic.test_roles import account

    paola = account("manager", username="paola")
    paola.set_password(PASSWORD)
    paola.save()
    client.force_login(paola)
    session = client.session
    session[pending.COMPLETE] = "code"
    session[pending.SURE] = time.time()
    session.save()
    return paola


def test_a_manager_resets_a_colleagues_factor_and_it_is_recorded(
    client, manager, anna, app
):
    theirs = sign_in(Client(), app)
    codes.new_recovery_codes(anna)
    page = f"/admin/clinic/user/{anna.pk}/change/"
    reset = f"/admin/clinic/user/{anna.pk}/reset/"

    assert f'href="{reset}"' in client.get(page).text
    assert client.get(reset).status_code == 200
    assert client.post(reset).url == page

    assert not is_signed_in(theirs)
    assert reset not in client.get(page).text
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.change_message) == (
        manager,
        str(anna.pk),
        "Second factor reset",
    )
    key, _codes = first_sign_in(theirs)
    assert is_signed_in(theirs)
    assert key != app.key


@pytest.mark.parametrize("who", ["herself", "superuser", "nobody"])
def test_a26_a_manager_resets_neither_herself_nor_a_superuser(client, manager, who):
    above = User.objects.create_superuser("root", password=PASSWORD)
    number = {"herself": manager.pk, "superuser": above.pk, "nobody": 99999}[who]

    response = client.post(f"/admin/clinic/user/{number}/reset/")

    assert response.status_code == (404 if who == "nobody" else 403)


@pytest.mark.parametrize("what", ["password", "reset"])
def test_a26_who_takes_an_account_over_types_the_own_password_first(
    client, manager, anna, app, what
):
    """A desk that stands open is not enough."""
    address = f"/admin/clinic/user/{anna.pk}/{what}/"
    session = client.session
    session[pending.SURE] = 0
    session.save()

    new = {"password1": "x" * 20, "password2": "x" * 20}
    asked = client.post(address, new)
    led = client.post(asked.url, {"password": PASSWORD})

    assert asked.url == f"/admin/you/sure/?next={quote(address, safe='')}"
    assert led.url == address
    anna.refresh_from_db()
    assert anna.check_password(PASSWORD)
    assert Authenticator.objects.filter(user=anna).exists()
    assert client.get(address).status_code == 200


def test_a26_ones_own_password_is_set_with_the_old_one_only(client, manager):
    address = f"/admin/clinic/user/{manager.pk}/password/"

    assert client.get(address).url == "/admin/password_change/"
    assert client.post(address, {"password1": "x"}).url == "/admin/password_change/"


def test_a26_a_writer_resets_nobody(client, anna, app):
    carlo = User.objects.create_user("carlo", password=PASSWORD, is_staff=True)
    sign_in(client, app)

    assert client.post(f"/admin/clinic/user/{carlo.pk}/reset/").status_code == 403


def test_the_server_can_reset_the_last_superuser(client, anna, app, capsys):
    call_command("reset_second_factor", "anna")

    assert type_password(client).url == SECOND
    assert client.get(SECOND).url == ENROL
    with pytest.raises(CommandError, match="no account “nobody”"):
        call_command("reset_second_factor", "nobody")


# Settings ####################################################################


@pytest.mark.parametrize(
    ("value", "https", "found"),
    [
        ("on", True, []),
        ("off", True, ["clinic.W001"]),
        ("off", False, ["clinic.W001"]),
        ("local", False, ["clinic.W001"]),
        ("local", True, ["clinic.E001", "clinic.W001"]),
    ],
)
def test_a26_production_without_the_second_factor_is_refused(
    settings, value, https, found
):
    settings.SECOND_FACTOR = value
    settings.HTTPS = https

    ours = [m.id for m in run_checks(include_deployment_checks=True)]

    assert sorted(i for i in ours if i in {"clinic.E001", "clinic.W001"}) == found


def test_no_secret_of_signing_in_is_in_a_page_of_the_desk(client, manager, anna, app):
    codes.new_recovery_codes(anna)
    text = client.get(f"/admin/clinic/user/{anna.pk}/change/").text

    assert "authenticator app, 10 recovery codes" in text
    assert codes.spoken(app.key) not in text
    assert app.key.hex() not in text
    assert session_cookie(client) not in client.get(OWN).text
    assert Session.objects.of(manager).count() == 1

"""What an account may do is changed by whoever has just typed his own password."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission

from clinic import unsaved
from clinic.models import AuditEntry
from clinic.signing_in import pending
from tests import factories
from tests.clinic.test_admin import errors, fields, save
from tests.clinic.test_roles import PASSWORD, account, change_page, signed_in, stored

pytestmark = pytest.mark.django_db

ASKED = "You change what an account may do: please type your own password."
WRONG = "That is not your password."


@pytest.fixture
def manager(db):
    """Somebody who keeps accounts and has signed in a while ago: her browser."""
    user = account("manager")
    user.set_password(PASSWORD)
    user.save()
    return some_time_later(signed_in(user))


def some_time_later(client):
    session = client.session
    session[pending.SURE] = 0
    session.save()
    return client


def keys(*names):
    return [str(group.pk) for group in Group.objects.filter(name__in=names)]


@pytest.mark.parametrize(
    ("typed", "told"), [({}, ASKED), ({"own_password": "guessed"}, WRONG)]
)
def test_a41_who_gives_a_role_types_the_own_password(manager, typed, told):
    """And loses nothing of what was typed."""
    other = account(last_name="Before")
    before = stored(other)
    given = {"groups": keys("writer"), "last_name": "After"}

    refused = save(manager, change_page(other), **given, **typed)

    assert errors(refused) == [told]
    assert stored(other) == before
    kept = fields(refused)
    assert (kept["groups"], kept["last_name"]) == (given["groups"], "After")
    assert kept.get("own_password", "") == ""

    done = save(manager, change_page(other), **given, own_password=PASSWORD)

    assert errors(done) == []
    assert stored(other)["groups"] == ["writer"]


@pytest.mark.parametrize(
    "power", ["is_active", "is_staff", "is_superuser", "user_permissions", "doctor"]
)
def test_a41_every_power_asks(power):
    other = account(is_staff=False, is_active=False)
    given = {
        "user_permissions": [str(Permission.objects.first().pk)],
        "doctor": str(factories.DoctorFactory().pk),
    }
    client = some_time_later(signed_in(factories.UserFactory()))

    refused = save(client, change_page(other), **{power: given.get(power, "on")})

    assert errors(refused) == [ASKED]


def test_once_typed_it_is_not_asked_again_and_stands_nowhere(manager):
    other = account()
    page = change_page(other)

    save(manager, page, groups=keys("writer"), own_password=PASSWORD)

    assert "own_password" not in fields(manager.get(page))
    assert errors(save(manager, page, groups=keys("reviewer"))) == []
    assert stored(other)["groups"] == ["reviewer"]
    assert AuditEntry.objects.filter(kind="POWERS").count() == 2
    for entry in LogEntry.objects.all():
        assert "password" not in entry.change_message.lower()


def test_a_name_is_changed_without_it(manager):
    other = account(last_name="Before")

    assert errors(save(manager, change_page(other), last_name="After")) == []

    assert stored(other)["last_name"] == "After"


def test_nobody_is_asked_who_has_just_signed_in(staff):
    other = account()

    assert "own_password" not in fields(staff.get(change_page(other)))
    assert errors(save(staff, change_page(other), groups=keys("writer"))) == []


def test_a_new_account_may_nothing_yet_and_asks_for_no_other_password(manager):
    assert "own_password" not in fields(manager.get("/admin/clinic/user/add/"))


def test_the_own_password_is_not_guessed_here(manager):
    page = change_page(account())
    for number in range(20):
        save(manager, page, groups=keys("writer"), own_password=f"guess {number}")

    refused = save(manager, page, groups=keys("writer"), own_password=PASSWORD)

    assert errors(refused) != []
    assert errors(refused) != [WRONG]


def test_what_a_role_may_do_asks_too(staff):
    user = factories.UserFactory()
    user.set_password(PASSWORD)
    user.save()
    client = some_time_later(signed_in(user))
    group = Group.objects.create(name="helpers")
    given = {"permissions": [str(Permission.objects.first().pk)]}

    refused = save(client, change_page(group), **given)

    assert errors(refused) == [ASKED]
    assert group.permissions.count() == 0
    save(client, change_page(group), **given, own_password=PASSWORD)
    assert group.permissions.count() == 1


def test_a_new_role_is_nobodys_yet_and_asks_for_nothing():
    client = some_time_later(signed_in(factories.UserFactory()))
    given = {"name": "helpers", "permissions": [str(Permission.objects.first().pk)]}

    assert errors(save(client, "/admin/auth/group/add/", **given)) == []

    assert Group.objects.get(name="helpers").permissions.count() == 1


def test_what_cannot_be_saved_is_kept_without_it(rf):
    """The page that comes instead; the password is typed anew."""
    sent = {"last_name": "After", "own_password": PASSWORD}

    kept = unsaved.kept(rf.post("/admin/clinic/user/1/change/", sent))

    assert kept["fields"] == [("last_name", "After")]

"""Roles and accounts: who may do what, and nobody raises himself."""

from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils.translation import override

from clinic import roles
from clinic.models import User
from tests import factories
from tests.clinic.test_admin import errors, fields, parsed, said, save
from tests.conftest import is_sure

pytestmark = pytest.mark.django_db

USERS = "/admin/clinic/user/"
GROUPS = "/admin/auth/group/"
PASSWORD = "a long and winding sentence"


# Accounts in roles; the tests of articles use them too ########################


def account(role=None, **kwargs):
    """An account in a role of the portal; without one, staff and nothing more."""
    user = factories.UserFactory(is_superuser=False, **kwargs)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def doctor_account(**kwargs):
    """A reviewer as the portal means it: linked to a doctor."""
    return account("reviewer", doctor=factories.DoctorFactory(), **kwargs)


def signed_in(user, **kwargs):
    """A browser in which that person is signed in: ``user``."""
    client = Client(**kwargs)
    client.force_login(user)
    is_sure(client)
    client.user = user
    return client


def change_page(row):
    page = GROUPS if isinstance(row, Group) else USERS
    return f"{page}{row.pk}/change/"


def stored(user):
    """Everything of an account that the database holds."""
    row = User.objects.filter(pk=user.pk).values().get()
    return row | {
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "user_permissions": sorted(
            user.user_permissions.values_list("codename", flat=True)
        ),
    }


# What the roles may do ########################################################


def actions(app, model, *names):
    return {f"{app}.{name}_{model}" for name in names}


ALL = ("add", "change", "delete", "view")
WRITER = (
    actions("articles", "article", *ALL)
    | actions("articles", "source", *ALL)
    | actions("articles", "edition", "view")
    | actions("articles", "review", "view")
    | actions("articles", "topic", "view")
    | actions("articles", "wording", "view")
    | actions("articles", "condition", "view")
    | actions("articles", "statement", "view")
    | actions("articles", "term", "add", "change", "view")
    | actions("articles", "synonym", *ALL)
    | actions("articles", "unfound", "change", "view")
    | actions("clinic", "picture", "add", "change", "view")
    | actions("articles", "linkplace", "change", "view")
)
REVIEWER = (
    WRITER
    | actions("articles", "article", "sign", "publish")
    | actions("articles", "term", "check")
    | actions("articles", "topic", *ALL)
    | actions("articles", "wording", *ALL)
    | actions("articles", "condition", *ALL)
    | actions("articles", "statement", "change")
    | actions("articles", "redirect", *ALL)
    | actions("clinic", "missedaddress", "change", "view")
)
MANAGER = (
    actions("articles", "article", "view")
    | actions("articles", "topic", *ALL)
    | actions("articles", "wording", *ALL)
    | actions("articles", "condition", *ALL)
    | actions("articles", "statement", "change", "view")
    | actions("articles", "term", *ALL)
    | actions("articles", "synonym", *ALL)
    | actions("articles", "unfound", "change", "view")
    | actions("clinic", "practice", "add", "change", "view")
    | actions("clinic", "picture", *ALL)
    | actions("clinic", "closure", *ALL)
    | actions("clinic", "doctor", *ALL)
    | actions("clinic", "email", *ALL)
    | actions("clinic", "location", *ALL)
    | actions("clinic", "notice", *ALL)
    | actions("clinic", "openinghours", *ALL)
    | actions("clinic", "phone", *ALL)
    | actions("clinic", "user", "add", "change", "view")
    | actions("clinic", "auditentry", "view")
    | actions("auth", "group", "view")
    | actions("articles", "redirect", *ALL)
    | actions("clinic", "missedaddress", "change", "view")
    | actions("articles", "linkplace", "change", "view")
)


@pytest.mark.parametrize(
    ("role", "granted"),
    [("writer", WRITER), ("reviewer", REVIEWER), ("manager", MANAGER)],
)
def test_a_role_grants_exactly_this(role, granted):
    assert account(role).get_all_permissions() == granted


def test_the_portal_comes_with_three_roles_and_explains_each():
    found = set(Group.objects.values_list("name", flat=True))

    assert found == {"writer", "reviewer", "manager"}
    assert found == set(roles.NAMES) == set(roles.EXPLANATIONS)


def test_permissions_of_the_roles_are_those_that_django_makes_itself():
    """None of them stands twice, once as the migration named it."""
    named = Permission.objects.values_list(
        "content_type__app_label", "content_type__model", "codename", "name"
    )
    for app, model, codename, name in named:
        action, _, rest = codename.partition("_")
        assert rest == model
        if action in ALL:
            kind = Permission.objects.get(
                content_type__app_label=app, codename=codename
            ).content_type.model_class()
            assert name == f"Can {action} {kind._meta.verbose_name_raw}"


def test_granting_the_roles_again_changes_nothing():
    """A database from which they were restored is migrated a second time."""
    before = {user: account(user).get_all_permissions() for user in roles.NAMES}

    migration = import_module("articles.migrations.0006_roles")
    migration.create_roles(import_module("django.apps").apps, None)

    assert Group.objects.count() == 3
    after = {user: account(user).get_all_permissions() for user in roles.NAMES}
    assert after == before


# The roles at the desk ########################################################


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("role", roles.NAMES)
def test_a_role_is_explained_in_the_language_of_the_desk(staff, language, role):
    staff.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    with override(language):
        words = [str(roles.NAMES[role]), str(roles.EXPLANATIONS[role])]
    group = Group.objects.get(name=role)

    for address in (GROUPS, change_page(group), change_page(account())):
        page = parsed(staff.get(address)).css_first("#content").text()
        assert [word for word in words if word not in page] == []


@pytest.mark.parametrize("role", roles.NAMES)
def test_a_role_of_the_portal_is_not_changed_and_not_renamed(staff, role):
    group = Group.objects.get(name=role)
    granted = set(group.permissions.all())
    other = Permission.objects.exclude(group=group).first()
    forged = {"name": "Renamed", "permissions": [str(other.pk)], "_save": "1"}

    page = staff.get(change_page(group))
    staff.post(change_page(group), fields(page) | forged)

    assert {"name", "permissions"} & set(fields(page)) == set()
    group.refresh_from_db()
    assert (group.name, set(group.permissions.all())) == (role, granted)


@pytest.mark.parametrize("role", roles.NAMES)
def test_a_role_of_the_portal_is_not_deleted(staff, role):
    group = Group.objects.get(name=role)
    address = f"{GROUPS}{group.pk}/delete/"
    by_action = {
        "action": "delete_selected",
        "_selected_action": [str(group.pk)],
        "post": "yes",
    }

    asked, sent = staff.get(address), staff.post(address, {"post": "yes"})
    staff.post(GROUPS, by_action)

    assert (asked.status_code, sent.status_code) == (403, 403)
    assert parsed(staff.get(change_page(group))).css_first(".deletelink") is None
    assert parsed(staff.get(GROUPS)).css_first("select[name=action]") is None
    assert Group.objects.filter(name=role).count() == 1


def test_a_role_of_the_practice_is_added_changed_and_deleted(staff):
    view = Permission.objects.get(codename="view_topic")
    save(staff, f"{GROUPS}add/", name="Guests", permissions=[str(view.pk)])
    group = Group.objects.get(name="Guests")

    save(staff, change_page(group), name="Visitors", permissions=[])
    group.refresh_from_db()

    assert (group.name, list(group.permissions.all())) == ("Visitors", [])
    staff.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"})
    assert Group.objects.filter(pk=group.pk).exists() is False


def test_a_manager_reads_the_roles_and_changes_none():
    group = Group.objects.create(name="Guests")
    client = signed_in(account("manager"))

    assert client.get(GROUPS).status_code == 200
    assert client.get(change_page(group)).status_code == 200
    for address in (f"{GROUPS}add/", change_page(group), f"{GROUPS}{group.pk}/delete/"):
        assert client.post(address, {"name": "Mine", "post": "yes"}).status_code == 403
    assert list(Group.objects.exclude(name__in=roles.NAMES)) == [group]


@pytest.mark.parametrize("role", [None, "writer", "reviewer"])
def test_only_a_manager_sees_accounts_and_roles(role):
    other = account("writer")
    client = signed_in(account(role))

    for address in (
        USERS, f"{USERS}add/", change_page(other), f"{USERS}{other.pk}/password/",
        f"{USERS}{other.pk}/history/", f"{USERS}{other.pk}/delete/", GROUPS,
    ):  # fmt: skip
        assert client.get(address).status_code == 403, address
        assert client.post(address, {"post": "yes"}).status_code == 403, address


# Nobody raises himself ########################################################

POWERS = {"is_staff", "is_superuser", "groups", "user_permissions", "doctor"}


def everything():
    """What a form would send that gives an account all there is."""
    return {
        "is_staff": "on",
        "is_superuser": "on",
        "groups": [str(group.pk) for group in Group.objects.all()],
        "user_permissions": [str(p.pk) for p in Permission.objects.all()[:300]],
        "doctor": str(factories.DoctorFactory().pk),
    }


def test_a41_a_manager_does_not_raise_himself():
    manager = account("manager", last_name="Before")
    client = signed_in(manager)
    before = stored(manager)

    response = save(client, change_page(manager), last_name="After", **everything())

    assert errors(response) == []
    after = stored(manager)
    assert after == before | {"last_name": "After"}


def test_a41_a_manager_is_not_even_asked_about_his_own_powers():
    manager = account("manager")
    client = signed_in(manager)

    page = client.get(change_page(manager))

    assert {name for name in POWERS if name in fields(page)} == set()
    names = {
        field.attributes.get("name") for field in parsed(page).css("input, select")
    }
    assert names & POWERS == set()


def test_a41_a_manager_gives_roles_to_others_but_no_powers_beyond_them():
    manager, other = account("manager"), account()
    client = signed_in(manager)
    page = client.get(change_page(other))

    save(client, change_page(other), **everything())

    asked = {
        field.attributes.get("name") for field in parsed(page).css("input, select")
    }
    assert asked & POWERS == {"is_staff", "groups", "doctor"}
    found = stored(other)
    assert found["groups"] == ["manager", "reviewer", "writer"]
    assert (found["is_superuser"], found["user_permissions"]) == (False, [])


def test_a_role_that_is_taken_away_is_gone():
    other = account("reviewer")

    save(signed_in(account("manager")), change_page(other), groups=[])

    assert stored(other)["groups"] == []


def test_a_superuser_may_change_his_own_powers(staff):
    user = staff.get(USERS).context["user"]

    response = staff.get(change_page(user))

    asked = {
        field.attributes.get("name") for field in parsed(response).css("input, select")
    }
    assert asked & POWERS == POWERS


# No manager touches a superuser ###############################################


@pytest.fixture
def superuser(db):
    user = factories.UserFactory(last_name="Root", email="root@example.org")
    user.set_password(PASSWORD)
    user.save()
    return user


def test_a41_a_manager_does_not_change_a_superuser(superuser):
    client = signed_in(account("manager"))
    before = stored(superuser)
    forged = {
        "username": "taken",
        "last_name": "Taken",
        "email": "thief@example.org",
        "is_active": "",
        "_save": "1",
    }

    page = client.get(change_page(superuser))
    sent = client.post(change_page(superuser), forged)

    assert page.status_code == 200  # he may look, that is all
    assert parsed(page).css("#content input:not([type=hidden]), select") == []
    assert superuser.password not in page.text
    assert superuser.password.split("$")[-1] not in page.text
    assert sent.status_code == 403
    assert stored(superuser) == before


def test_a41_a_manager_does_not_set_the_password_of_a_superuser(superuser):
    client = signed_in(account("manager"))
    address = f"{USERS}{superuser.pk}/password/"
    new = {"password1": "x" * 20, "password2": "x" * 20, "set-password": "1"}

    asked, sent = client.get(address), client.post(address, new)

    assert (asked.status_code, sent.status_code) == (403, 403)
    superuser.refresh_from_db()
    assert superuser.check_password(PASSWORD) is True


@pytest.mark.parametrize("whose", ["a superuser", "somebody else", "himself"])
def test_a41_a_manager_deletes_no_account(superuser, whose):
    manager, other = account("manager"), account()
    client = signed_in(manager)
    user = {"a superuser": superuser, "somebody else": other, "himself": manager}[whose]
    by_action = {
        "action": "delete_selected",
        "_selected_action": [str(user.pk)],
        "post": "yes",
    }

    page = client.post(f"{USERS}{user.pk}/delete/", {"post": "yes"})
    client.post(USERS, by_action)

    assert page.status_code == 403
    assert User.objects.filter(pk=user.pk).exists() is True


def test_a41_a_superuser_who_was_deactivated_may_nothing(superuser):
    User.objects.filter(pk=superuser.pk).update(is_active=False)
    client = signed_in(superuser)

    assert client.get(USERS).status_code == 302
    assert client.get(change_page(superuser)).url.startswith("/admin/login/")


# Adding accounts ##############################################################


def add(client, **changes):
    typed = {
        "username": "ada",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    return save(client, f"{USERS}add/", **typed | changes)


def test_a_manager_adds_an_account_and_gives_it_a_role_and_a_doctor():
    client, doctor = signed_in(account("manager")), factories.DoctorFactory()

    response = add(client)
    user = User.objects.get(username="ada")
    save(
        client,
        change_page(user),
        is_staff="on",
        groups=[str(Group.objects.get(name="reviewer").pk)],
        doctor=str(doctor.pk),
        language="it",
    )

    user = User.objects.get(username="ada")
    assert response.redirect_chain == [(change_page(user), 302)]
    assert user.check_password(PASSWORD) is True
    assert (user.is_staff, user.is_superuser, user.doctor) == (True, False, doctor)
    assert user.language == "it"
    assert user.get_all_permissions() == REVIEWER


def test_a41_a_new_account_may_nothing_even_if_the_form_says_otherwise():
    add(signed_in(account("manager")), **everything())

    user = User.objects.get(username="ada")
    assert (user.is_staff, user.is_superuser, user.doctor) == (False, False, None)
    assert user.get_all_permissions() == set()


def test_a_weak_password_is_refused_with_a_sentence():
    client = signed_in(account("manager"))

    response = add(client, password1="short", password2="short")

    assert errors(response) == [
        "This password is too short. It must contain at least 12 characters."
    ]
    assert User.objects.filter(username="ada").exists() is False


def test_a_manager_sets_a_new_password_for_a_writer():
    client, other = signed_in(account("manager")), account("writer")

    response = save(
        client,
        f"{USERS}{other.pk}/password/",
        password1=PASSWORD,
        password2=PASSWORD,
    )

    other.refresh_from_db()
    assert said(response) == ["Password changed successfully."]
    assert other.check_password(PASSWORD) is True


def test_a_password_page_offers_no_account_without_a_password():
    client, other = signed_in(account("manager")), account("writer")

    page = client.get(f"{USERS}{other.pk}/password/")

    assert parsed(page).css("input[name=usable_password]") == []


def test_the_list_says_in_words_who_may_what(superuser):
    account("reviewer", username="ada")

    page = parsed(signed_in(account("manager", username="max")).get(USERS))

    told = {
        row.css_first(".field-username").text(): row.css_first(".field-in_roles").text()
        for row in page.css("#result_list tbody tr")
    }
    assert told == {
        superuser.username: "may do everything",
        "ada": "Reviewer",
        "max": "Manager",
    }


def test_a_doctor_with_an_account_is_not_deleted():
    """A signature leads to a person; the doctor behind an account stays."""
    user = doctor_account()
    client = signed_in(account("manager"))

    client.post(f"/admin/clinic/doctor/{user.doctor_id}/delete/", {"post": "yes"})

    user.refresh_from_db()
    assert user.doctor is not None

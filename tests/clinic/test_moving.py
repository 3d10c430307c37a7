"""Addresses that have changed, and those that were asked for in vain."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from clinic.models import DoctorAddress, MissedAddress
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def renamed(row, *slugs):
    for slug in slugs:
        row.slug = slug
        row.save()
    return row


@pytest.mark.parametrize("prefix", ["/doctors", "/it/medici"])
def test_a_doctors_earlier_addresses_lead_to_the_present_one(client, practice, prefix):
    renamed(factories.DoctorFactory(slug="ada"), "ada-rossi", "ada-bianchi")

    for slug in ("ada", "ada-rossi"):
        response = client.get(f"{prefix}/{slug}/")
        assert (response.status_code, response["Location"]) == (
            301,
            f"{prefix}/ada-bianchi/",
        )
        assert response["Cache-Control"] == "public, no-cache"
    assert client.get(f"{prefix}/ada-bianchi/").status_code == 200
    assert client.get(f"{prefix}/nobody/").status_code == 404


@pytest.mark.parametrize("name", ["card.vcf", "card-4.vcf"])
def test_a_doctors_card_is_found_at_its_earlier_address(client, practice, name):
    renamed(factories.DoctorFactory(slug="ada"), "ada-rossi")

    response = client.get(f"/doctors/ada/{name}")

    assert (response.status_code, response["Location"]) == (
        301,
        f"/doctors/ada-rossi/{name}",
    )


def test_whoever_has_an_address_now_comes_before_who_had_it(client, practice):
    first = renamed(factories.DoctorFactory(slug="ada"), "ada-rossi")
    second = factories.DoctorFactory(slug="ada")

    assert client.get("/doctors/ada/").context["doctor"] == second
    renamed(second, "grace")
    assert client.get("/doctors/ada/")["Location"] == "/doctors/grace/"
    assert DoctorAddress.objects.get().owner == second
    assert first.old_addresses.count() == 0


def test_back_at_an_earlier_address_nothing_leads_in_a_ring(client, practice):
    renamed(factories.DoctorFactory(slug="ada"), "ada-rossi", "ada")

    assert client.get("/doctors/ada/").status_code == 200
    assert client.get("/doctors/ada-rossi/")["Location"] == "/doctors/ada/"


def test_an_address_is_kept_only_if_the_change_is(practice):
    doctor = factories.DoctorFactory(slug="ada")
    factories.DoctorFactory(slug="grace")

    with pytest.raises(IntegrityError), transaction.atomic():
        renamed(doctor, "grace")

    assert DoctorAddress.objects.count() == 0


def test_a_save_that_leaves_the_address_alone_keeps_none(practice):
    doctor = factories.DoctorFactory(slug="ada")
    doctor.slug = "not-saved"
    doctor.save(update_fields=["first_name"])

    assert DoctorAddress.objects.count() == 0


# Addresses that were asked for in vain ########################################


def stored():
    return list(
        MissedAddress.objects.values_list(
            "path", "count", "last_seen", "referring_site"
        )
    )


def test_counts_of_several_processes_add_up():
    with time_machine.travel(NOW, tick=False):
        MissedAddress.objects.add({"/a": (2, "a.example"), "/b": (1, "")})
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        MissedAddress.objects.add({"/a": (3, "")})

    assert stored() == [
        ("/a", 5, NOW + timedelta(days=1), "a.example"),
        ("/b", 1, NOW, ""),
    ]


def test_what_nobody_asks_for_any_more_is_forgotten_after_90_days():
    with time_machine.travel(NOW, tick=False):
        MissedAddress.objects.add({"/a": (9, "")})
    last = NOW + timedelta(days=90)
    with time_machine.travel(last - timedelta(seconds=1), tick=False):
        assert MissedAddress.objects.repeated().count() == 1
    with time_machine.travel(last, tick=False):
        assert MissedAddress.objects.repeated().count() == 0
        MissedAddress.objects.add({"/b": (1, "")})

    assert stored() == [("/b", 1, last, "")]


def test_of_too_many_the_rarest_are_forgotten(monkeypatch):
    monkeypatch.setattr(type(MissedAddress.objects.all()), "MOST", 2)
    MissedAddress.objects.add({"/a": (2, ""), "/b": (1, ""), "/c": (3, "")})

    assert [row[0] for row in stored()] == ["/c", "/a"]


def test_once_is_not_repeated_and_ignored_is_not_shown():
    MissedAddress.objects.add({"/once": (1, ""), "/twice": (2, ""), "/noise": (9, "")})
    MissedAddress.objects.filter(path="/noise").update(ignored=True)

    assert [row.path for row in MissedAddress.objects.repeated()] == ["/twice"]

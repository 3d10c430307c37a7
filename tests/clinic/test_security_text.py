"""security.txt: whom to tell of a fault, never out of date (RFC 9116)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from clinic.views import half_a_year_ahead
from tests.test_house_rules import ROOT, run

ADDRESS = "/.well-known/security.txt"

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(settings):
    settings.SECURITY_CONTACT = "https://clinic.test/security"
    settings.SITE_URL = "https://clinic.test"


def test_without_a_contact_there_is_none(client):
    assert client.get(ADDRESS).status_code == 404


def test_it_says_whom_to_tell_until_when_and_in_which_languages(client, contact):
    with time_machine.travel("2026-11-27 12:00:00+00:00", tick=False):
        answer = client.get(ADDRESS)

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == (
        "Contact: https://clinic.test/security\n"
        "Expires: 2027-05-01T00:00:00Z\n"
        "Preferred-Languages: en, it\n"
        "Canonical: https://clinic.test/.well-known/security.txt\n"
    )


def test_a_site_without_https_has_no_canonical_address(client, contact, settings):
    settings.SITE_URL = "http://127.0.0.1:8000"

    assert "Canonical" not in client.get(ADDRESS).content.decode()


def test_on_any_day_it_expires_within_a_year_and_not_soon():
    day = datetime(2026, 1, 1, 23, 59, tzinfo=UTC)
    for _ in range(800):
        ahead = half_a_year_ahead(day) - day

        assert timedelta(days=120) < ahead < timedelta(days=240)
        day += timedelta(days=1)


def test_a_copy_that_is_kept_is_made_anew_with_the_month(visitor, contact):
    with time_machine.travel("2026-11-30 20:00:00+00:00", tick=False):
        november = [visitor.get(ADDRESS).content for _ in range(2)]
        kept = len(visitor.rendered)
    with time_machine.travel("2026-12-01 09:00:00+00:00", tick=False):
        december = visitor.get(ADDRESS).content

    assert (kept, november[0]) == (1, november[1])
    assert b"2027-05-01" in november[0]
    assert b"2027-06-01" in december


@pytest.mark.parametrize("value", ["someone@example.org", "http://example.org", "x"])
def test_what_is_no_contact_stops_the_portal_with_a_sentence(tmp_path, value):
    process = run(["manage.py", "check"], tmp_path, SECURITY_CONTACT=value)

    said, _ = process.communicate(timeout=60)

    assert process.returncode != 0
    assert "it must begin with https://, mailto: or tel:." in said


def test_the_operator_is_told_of_the_variable():
    assert "#SECURITY_CONTACT=" in (ROOT / ".env.example").read_text("utf-8")

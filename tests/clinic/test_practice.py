"""Whose number it is: one answer for every page, card and machine."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from clinic.models import Phone, Practice
from tests import factories


@pytest.fixture
def doctors(practice):
    """Two doctors: one with a number of her own, one with a fax alone."""
    Phone.objects.all().delete()
    own, fax_only = factories.DoctorFactory(slug="own"), factories.DoctorFactory()
    factories.PhoneFactory(
        purpose="Private line", number="+393319584817", doctor=own, in_header=True
    )
    factories.PhoneFactory(
        purpose="Private fax", number="+39066998", doctor=fax_only, kind="FAX"
    )
    factories.PhoneFactory(purpose="Secretary", in_header=False)
    return own, fax_only


def purposes(phones):
    return [str(phone.purpose) for phone in phones]


def test_a_doctor_is_called_under_the_own_number_or_the_practices(doctors):
    own, fax_only = doctors
    practice = Practice.objects.current()

    assert purposes(practice.phones_of(own)) == ["Private line"]
    assert purposes(practice.phones_of(fax_only)) == ["Private fax", "Secretary"]


@pytest.mark.parametrize("page", ["", "card.vcf", "card-4.vcf"])
def test_no_doctor_answers_the_number_of_another(client, doctors, page):
    _own, fax_only = doctors
    answer = client.get(fax_only.get_absolute_url() + page).content.decode()
    own_part = answer.partition("<main")[2].partition("<footer")[0] or answer

    assert "3317612698" in own_part
    assert "3319584817" not in own_part
    assert "Private line" not in own_part


def test_whoever_is_lost_finds_a_number_even_if_none_is_in_the_header(client, doctors):
    Phone.objects.update(in_header=False)

    answer = client.get("/not-there/").content.decode()

    assert 'href="tel:+393317612698"' in answer.partition("<main")[2]


def test_a_fax_leads_nowhere_and_a_chat_to_the_chat(db):
    phone = factories.PhoneFactory.build(kind="FAX")
    assert phone.link == ""
    phone.kind = "WHATSAPP"
    assert phone.link == "https://wa.me/393317612698"


def test_what_is_over_is_not_even_read(practice):
    today = timezone.localdate()
    for days in (-2, 2):
        day = today + timedelta(days=days)
        factories.ClosureFactory(first_day=day, last_day=day)
        end = timezone.now() + timedelta(days=days)
        factories.NoticeFactory(starts_at=end - timedelta(days=1), ends_at=end)

    current = Practice.objects.current()

    assert len(current.closures.all()) == len(current.notices.all()) == 1


@pytest.mark.parametrize(
    ("weekday", "days", "fits"), [(3, 0, True), (0, 0, False), (0, 4, True)]
)
def test_a_row_for_a_time_needs_its_weekday_in_it(practice, weekday, days, fits):
    thursday = date(2026, 12, 24)
    row = factories.HoursFactory.build(
        practice=practice,
        weekday=weekday,
        valid_from=thursday,
        valid_until=thursday + timedelta(days=days),
    )
    if fits:
        row.clean()
    else:
        with pytest.raises(ValidationError) as refused:
            row.clean()
        assert list(refused.value.message_dict) == ["weekday"]


def test_an_email_says_whose_it_is(client, practice):
    other = factories.DoctorFactory(last_name="Hopper", slug="hopper")
    factories.EmailFactory(address="hopper@example.org", doctor=other)

    assert "Hopper" in client.get("/contact/").content.decode().partition("<main")[2]
    page = client.get("/doctors/hopper/").content.decode().partition("<main")[2]
    assert page.partition("<footer")[0].count('class="email"') == 1


@pytest.mark.parametrize(
    ("legal_name", "vat", "expected"),
    [
        ("Studio Srl", "", "Studio Srl. "),
        ("Studio s.r.l.", "", "Studio s.r.l. "),
        ("Studio Srl", "IT1", "Studio Srl, VAT number IT1."),
        ("", "IT1", "VAT number IT1."),
    ],
)
def test_the_legal_line_reads_as_a_sentence(client, db, legal_name, vat, expected):
    factories.PracticeFactory(legal_name=legal_name, vat_number=vat)

    legal = client.get("/").content.decode().partition("footer__legal")[2]

    assert expected in " ".join(legal.split())

"""Phone numbers as people type them: the right number or a sentence, never a guess."""

import phonenumbers
import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.forms import PhoneField
from clinic.phones import parse_phone
from tests import factories

derandomised = settings(deadline=None, derandomize=True, database=None)

FIRST, SECOND = "+393317612698", "+393319584817"
NOT_A_NUMBER = "is not a phone number. Please type it like 331 761 2698"
TOO_MANY = "has too many digits. Are two numbers in one field?"
TOO_SHORT = "is too short: some digits are missing."
EXTENSION = "holds an extension, which a phone cannot dial by itself."


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("3317612698", FIRST),
        ("331 958 4817", SECOND),
        ("331 95 84 817", SECOND),
        ("331.761.2698", FIRST),
        ("331-958-4817", SECOND),
        ("331–761–2698", FIRST),
        ("331\u2011761\u20112698", FIRST),
        ("331/9584817", SECOND),
        ("331 / 761.26-98", FIRST),
        ("(331) 958 4817", SECOND),
        ("  331 761 2698\n", FIRST),
        ("0039 331 958 4817", SECOND),
        ("0039.331.7612698", FIRST),
        ("+39 331 958 4817", SECOND),
        ("+393317612698", FIRST),
        ("+39-331-958-4817", SECOND),
        ("(+39) 331 761 2698", FIRST),
        ("＋３９ ３３１ ９５８ ４８１７", SECOND),
        ("３３１７６１２６９８", FIRST),
        ("331\u00a0958\u00a04817", SECOND),
        ("331\u202f761\u202f2698", FIRST),
        ("331\u2009958\u20094817", SECOND),
        ("\u200e331 761 2698\u200f", FIRST),
        ("\u202a+39 331 958 4817\u202c", SECOND),
        ("\u2066+39 331 761 2698\u2069", FIRST),
        ("\ufeff3319584817", SECOND),
        ("331\u200b761\u200b2698", FIRST),
    ],
)
def test_every_notation_of_a_mobile_number_is_understood(typed, meant):
    assert parse_phone(typed, "IT").as_e164 == meant


@pytest.mark.parametrize(
    "typed",
    [
        "+39 (0) 331 761 2698",
        "+39 (0)331 7612698",
        "+39(0)3317612698",
        "0039 (0) 331-761-2698",
        "(0)331 761 2698",
    ],
)
def test_an_optional_zero_before_a_mobile_number_is_left_out(typed):
    """With the zero it would be the valid landline of somebody else."""
    assert parse_phone(typed, "IT").as_e164 == FIRST


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("06 6987 1234", "+390669871234"),
        ("06/69871234", "+390669871234"),
        ("+39 06 6987 1234", "+390669871234"),
        ("+39 (0)6 6987 1234", "+390669871234"),
        ("+39 (0) 6 3987 1234", "+390639871234"),
        ("0039 06 6987 1234", "+390669871234"),
        ("0331 761269", "+390331761269"),
        ("+39 (0)331 761269", "+390331761269"),
        ("800 123456", "+39800123456"),
    ],
)
def test_a_landline_keeps_its_zero(typed, meant):
    assert parse_phone(typed, "IT").as_e164 == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("0044 20 7946 0958", "+442079460958"),
        ("+49 (0)30 123456", "+4930123456"),
        ("+49 (0)30 12345678", "+493012345678"),
        ("+41 44 668 18 00", "+41446681800"),
        ("+1 (202) 456-1111", "+12024561111"),
    ],
)
def test_a_foreign_number_is_understood(typed, meant):
    assert parse_phone(typed, "IT").as_e164 == meant


def test_a_number_without_country_code_belongs_to_the_country_of_the_practice():
    assert parse_phone("020 7946 0958", "GB").as_e164 == "+442079460958"


@pytest.mark.parametrize(
    ("typed", "region", "code", "sentence"),
    [
        ("abc", "IT", "invalid", NOT_A_NUMBER),
        ("+", "IT", "invalid", NOT_A_NUMBER),
        ("+39", "IT", "invalid", NOT_A_NUMBER),
        ("studio@example.org", "IT", "invalid", NOT_A_NUMBER),
        ("800-FLOWERS", "IT", "invalid", NOT_A_NUMBER),
        ("331 761 26 9B", "IT", "invalid", NOT_A_NUMBER),
        ("331 761\x002698", "IT", "invalid", NOT_A_NUMBER),
        ("#31#3317612698", "IT", "invalid", NOT_A_NUMBER),
        ("<b>331 761 2698</b>", "IT", "invalid", NOT_A_NUMBER),
        ("+999 123456", "IT", "invalid", "a country code that does not exist"),
        ("112", "IT", "length", TOO_SHORT),
        ("118", "IT", "length", TOO_SHORT),
        ("331", "IT", "length", TOO_SHORT),
        ("+39 331 761", "IT", "unused", "cannot be reached"),
        ("331 761 2698 44", "IT", "length", TOO_MANY),
        ("331 761 2698 / 331 958 4817", "IT", "invalid", TOO_MANY),
        ("7612698", "IT", "unused", "cannot be reached"),
        ("456 1111", "US", "length", "lacks the area code"),
        ("331 761 2698 int. 5", "IT", "extension", EXTENSION),
        ("331 761 2698 ext. 12", "IT", "extension", EXTENSION),
        ("331 761 2698 x5", "IT", "extension", EXTENSION),
        ("331 761 2698 #5", "IT", "extension", EXTENSION),
        ("331 761 2698;ext=5", "IT", "extension", EXTENSION),
    ],
)
def test_each_kind_of_mistake_has_its_own_sentence(typed, region, code, sentence):
    with pytest.raises(ValidationError) as refusal:
        parse_phone(typed, region)

    assert refusal.value.code == code
    assert sentence in refusal.value.messages[0]
    assert refusal.value.messages[0].startswith(f"“{typed}”")


@pytest.mark.parametrize(
    "typed",
    [
        "Tel. 331 761 2698",
        "call 331 761 2698",
        "tel:+393317612698",
        "331 761 2698 (studio)",
        "331 761 2698 o 347",
        "O331 7612698",
    ],
)
def test_a_word_beside_the_number_is_refused_and_not_dropped(typed):
    """Whoever types a word means it to be read, and nobody would see it."""
    with pytest.raises(ValidationError, match="is not a phone number|too many digits"):
        parse_phone(typed, "IT")


def test_a_long_text_is_shown_shortened():
    with pytest.raises(ValidationError) as refusal:
        parse_phone("1" * 300, "IT")

    assert refusal.value.messages[0].startswith(f"“{'1' * 40}…” has too many digits")


TYPED = st.text() | st.text("0123456789+()-./ #*;,=extintx\u00a0\u200e٣３", max_size=30)


@given(TYPED, st.sampled_from(["IT", "GB", "US", "SM"]))
@settings(derandomised, max_examples=1500)
def test_a07_any_text_is_a_dialable_number_or_a_refusal(typed, region):
    try:
        number = parse_phone(typed, region)
    except ValidationError:
        return

    assert phonenumbers.is_valid_number(number)
    assert parse_phone(number.as_e164, region) == number
    assert parse_phone(number.as_international, region) == number


KINDS = (
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.TOLL_FREE,
)
EXAMPLES = [
    example
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in KINDS
    if (example := phonenumbers.example_number_for_type(region, kind))
]


@given(st.data(), st.sampled_from(EXAMPLES))
@settings(derandomised, max_examples=800)
def test_a_valid_number_of_any_country_survives_any_grouping(data, example):
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    gaps = st.sampled_from(["", "", " ", "-", ".", "/", "\u00a0", " - "])
    spaced = "".join(digit + data.draw(gaps) for digit in e164[1:])
    prefix = data.draw(st.sampled_from(["+", "00", "+ "]))

    assert parse_phone(prefix + spaced, "IT").as_e164 == e164


def test_the_form_shows_the_stored_number_as_people_read_it():
    field = PhoneField()

    number = field.clean("0039 (0)331.761.2698")

    assert number.as_e164 == FIRST
    assert field.prepare_value(number) == "+39 331 761 2698"
    assert field.clean(field.prepare_value(number)) == number


def test_the_form_shows_a_refused_number_as_it_was_typed():
    assert PhoneField().prepare_value("331 abc") == "331 abc"


@pytest.mark.parametrize("nothing", ["", None, "   "])
def test_the_form_asks_for_a_number_that_is_missing(nothing):
    with pytest.raises(ValidationError):
        PhoneField().clean(nothing)


def test_a_number_that_is_stored_comes_back_the_same(db):
    phone = factories.PhoneFactory(number=parse_phone("331 958 4817", "IT"))

    phone.refresh_from_db()

    assert phone.number.as_e164 == SECOND

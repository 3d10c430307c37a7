"""Phone numbers as people type them. Pure: no models, no settings."""

import re

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

# What people paste around a number without meaning it.
DECORATION = "\u200b\u200e\u200f\u202a\u202c\ufeff"
# "+39 (0)331 761 2698": Italian mobile numbers have no zero, but with one they are
# the valid number of somebody else. "+39 (0)6 …" keeps its zero.
OPTIONAL_ZERO = re.compile(r"\(0\)(?=\D*3(?:\D*\d){9}\D*$)")

PARSE_REASONS = {
    NumberParseException.INVALID_COUNTRY_CODE: _(
        "“%(text)s” begins with a country code that does not exist. "
        "An Italian number begins with +39."
    ),
    NumberParseException.TOO_LONG: _(
        "“%(text)s” has too many digits. Are two numbers in one field?"
    ),
}
LENGTH_REASONS = {
    ValidationResult.TOO_SHORT: _("“%(text)s” is too short: some digits are missing."),
    ValidationResult.TOO_LONG: _(
        "“%(text)s” has too many digits. Are two numbers in one field?"
    ),
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: _(
        "“%(text)s” lacks the area code. Please type it too, for example 06."
    ),
}
NOT_A_NUMBER = _(
    "“%(text)s” is not a phone number. Please type it like 331 761 2698 "
    "or +39 331 761 2698."
)
NOT_IN_USE = _(
    "“%(text)s” cannot be reached: no number in this country begins like that. "
    "Please check the first digits."
)
HAS_EXTENSION = _(
    "“%(text)s” holds an extension, which a phone cannot dial by itself. Please type "
    "the number alone and mention the extension under “Who answers”."
)


def parse_phone(text: str, region: str) -> PhoneNumber:
    """Read a phone number from what somebody typed.

    ``region`` is the ISO 3166 code of the country for numbers without country code.
    Raises ValidationError with a sentence that says what is wrong. The rules are
    those of Google's libphonenumber.
    """
    text = "".join(char for char in text if char not in DECORATION).strip()
    # libphonenumber does not know every kind of space as one.
    typed = OPTIONAL_ZERO.sub("", " ".join(text.split()))
    shown = {"text": text if len(text) <= 40 else text[:40] + "…"}
    try:
        number = phonenumbers.parse(typed, region, _check_region=False)
    except NumberParseException as error:
        reason = PARSE_REASONS.get(error.error_type, NOT_A_NUMBER)
        raise ValidationError(reason, code="invalid", params=shown) from None
    if any(char.isalpha() for char in text.split(";")[0]) and not number.extension:
        # libphonenumber reads letters as the keys of old telephones and drops
        # a word behind the number; neither is what the writer meant.
        raise ValidationError(NOT_A_NUMBER, code="invalid", params=shown)
    if number.extension:
        raise ValidationError(HAS_EXTENSION, code="extension", params=shown)
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible in LENGTH_REASONS:
        raise ValidationError(LENGTH_REASONS[possible], code="length", params=shown)
    if phonenumbers.number_type(number) == PhoneNumberType.VOICEMAIL:
        # Valid, but only as an Italian mobile number with two digits too many.
        too_long = LENGTH_REASONS[ValidationResult.TOO_LONG]
        raise ValidationError(too_long, code="length", params=shown)
    if not phonenumbers.is_valid_number(number):
        raise ValidationError(NOT_IN_USE, code="unused", params=shown)
    # Through E.164, which is what is stored: both must be the same number.
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return PhoneNumber.from_string(e164)

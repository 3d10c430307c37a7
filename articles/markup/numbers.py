"""Phone numbers that somebody typed into a text instead of referring to them."""

import html as entities
import re

import phonenumbers

# What holds digits and is no number to ring: addresses and identifiers.
IDENTIFIER = re.compile(
    r"\b(?:https?://|www\.|10\.\d{4,9}/)\S+|"
    r"\b(?:CF|DOI|EudraCT|IBAN|ISBN|ISRCTN|ISSN|NCT|ORCID|P\.? ?IVA|PMC|PMID|VAT)\b"
    r"[:.\s]*(?:no?\.\s*)?[A-Z]{0,3}\d[\dX/.\s-]*",
    re.IGNORECASE,
)
# 350 000, 1.200.000, and the same as a range.
QUANTITY = re.compile(r"\d{1,3}(?:[ .\xa0\u202f]\d{3})+")


def typed_numbers(body: str, region: str) -> list[str]:
    """Return the phone numbers that are typed into a sanitised body, as typed.

    ``region`` is the country of numbers without country code. References hold no
    digits; 112 and other short numbers are no phone numbers.
    """
    rung = re.findall(r'<a href="tel:([^"]*)', body, re.IGNORECASE)
    # Words run on through these; any other tag ends what a number can be part of.
    text = re.sub(r"</?(?:a|em|strong)\b[^>]*>", "", body)
    text = entities.unescape(re.sub(r"<[^>]*>", "\n", text))
    text = IDENTIFIER.sub("\n", text)
    found: dict[str, str] = {}
    for piece in [text, *map(entities.unescape, rung)]:
        for match in phonenumbers.PhoneNumberMatcher(piece, region):
            if not is_quantity(match):
                key = phonenumbers.format_number(
                    match.number, phonenumbers.PhoneNumberFormat.E164
                )
                found.setdefault(key, match.raw_string)
    return list(found.values())


def is_quantity(match: phonenumbers.PhoneNumberMatch) -> bool:
    """Tell 350 000 platelets from 800 033 033, which is free of charge."""
    kind = phonenumbers.number_type(match.number)
    parts = re.split(r"\s*[-–]\s*", match.raw_string)
    return kind != phonenumbers.PhoneNumberType.TOLL_FREE and all(
        QUANTITY.fullmatch(part) for part in parts
    )

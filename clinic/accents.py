"""Accents in their letters, however many somebody puts onto one. Pure."""

import re
import unicodedata

# Whatever stands in no word and is not European: marks of any script among them.
LONG_RUN = re.compile(r"[^\w\x00-\u02ff]{31,}")
ACCENTS = re.compile("([\u0300-\u036f]{2})[\u0300-\u036f]+")


def composed(text: str) -> str:
    """Return the text with its accents in their letters (Unicode NFC), in linear time.

    To put a run of marks into order takes quadratic time, some seconds for a page of
    them. No language needs more than two accents on a letter, nor thirty marks of any
    other kind: what is more is left out.
    """
    text = LONG_RUN.sub(without_marks, ACCENTS.sub(r"\1", text))
    # Once more, for those that stand together only when they are in their order.
    in_order = ACCENTS.sub(r"\1", unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", in_order)


def without_marks(run: re.Match[str]) -> str:
    return "".join(c for c in run[0] if not unicodedata.combining(c))

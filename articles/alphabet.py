"""Under which letter and in which order a title or a word stands in the A to Z."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from clinic.accents import composed

# What begins with no letter of the Latin alphabet stands under the last of these.
OTHERS = "0-9"
LETTERS = [*string.ascii_lowercase, OTHERS]
# Nobody looks for “Il fegato” under I: catalogues pass over the article that a title
# begins with (ISO 7154). It stays in what is shown.
LEADING = {
    "en": re.compile(r"^(?:an?|the)\s+(?=\w)"),
    "it": re.compile(
        r"^(?:(?:il|lo|la|i|gli|le|un|un[ao])\s+|(?:l|un|gl)['’]\s*)(?=\w)"
    ),
}
# Letters that no decomposition turns into Latin ones.
TO_LATIN = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
LONGEST_KEY = 100


class Word(NamedTuple):
    """One line of the A to Z: ``label`` as it is shown, ``key`` as it is sorted."""

    letter: str
    key: str
    label: str
    is_title: bool


def words_of(title: str, key_phrases: str, language: str) -> Iterator[Word]:
    """Yield the title, then every line of the key phrases that says something else.

    What the title begins with would stand right above it.
    """
    seen, title_key = {""}, f"{sort_key(title, language)} "
    for place, line in enumerate((title, *key_phrases.splitlines())):
        label = " ".join(line.split())
        key = sort_key(label, language)
        is_title = place == 0
        if key not in seen and (is_title or not title_key.startswith(f"{key} ")):
            yield Word(letter_of(key), key, with_capital(label), is_title)
            seen.add(key)


def sort_key(label: str, language: str) -> str:
    """Return what the label is sorted by: small letters, digits and single spaces."""
    apart = unicodedata.normalize("NFKD", composed(label.casefold()))
    folded = apart.translate(TO_LATIN)
    folded = "".join(c for c in folded if not unicodedata.combining(c)).strip()
    leading = LEADING.get(language.partition("-")[0])
    if leading:
        folded = leading.sub("", folded.lstrip("“”\"«»'’‘([ "))
    return " ".join(re.findall(r"[^\W_]+", folded))[:LONGEST_KEY].rstrip()


def letter_of(key: str) -> str:
    return key[0] if key[0] in string.ascii_lowercase else OTHERS


def with_capital(label: str) -> str:
    """Begin with a capital, as titles do; what is written like pH stays."""
    first = label.partition(" ")[0]
    return label[0].upper() + label[1:] if first.islower() else label

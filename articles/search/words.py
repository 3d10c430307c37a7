"""Words as a search compares them: folded, without their endings. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from threading import local
from typing import NamedTuple

import Stemmer
from django.conf.locale import LANG_INFO

from clinic.accents import composed

# Of another version of these rules an index is useless: raise it with every change.
VERSION = 3

# With the places where it may be hyphenated.
WORD = re.compile("[^\\W_]+(?:\u00ad[^\\W_]+)*")
# What is longer is no word, but an address or the sequence of a gene.
LONGEST = 60
# What readers write in one word or in parts: HER2 and HER-2, CA 125, CA 19-9, PD-L1,
# COVID-19, and with a dot behind each letter T.A.C.
LETTER, HYPHENS, SPACES = r"[^\W\d_]", "-\u2010-\u2013", " \u00a0\u2009\u202f"
PARTED = re.compile(
    rf"(?<![^\W_])(?:{LETTER}{{1,5}}(?:[{HYPHENS}]{LETTER}?|[{SPACES}])?\d+"
    rf"(?:[{HYPHENS}.,]\d{{1,2}})*|{LETTER}(?:\.{LETTER})+)(?![^\W_])"
)
CODE = re.compile(rf"{LETTER}{{1,6}}\d+")
CAPITALS = re.compile(rf"(?<![^\W_]){LETTER}{{2,}}(?![^\W_])")
# Words that say nothing of what is looked for, folded; and what an apostrophe leaves of
# them, but for the English d: that is also a vitamin.
EMPTY = {
    language: frozenset(words.split())
    for language, words in {
        "en": """
            a about after all also am an and any are as at be because been
            before but by can could did didn do does doesn don for from get had
            has have having he her his how i if in into is isn it its just know
            ll m me mean my need no not of on or our re s should so some t tell
            than that the their them then there they this to us ve very want was
            we were what when where which while who why will with won would you
            your
        """,
        "it": """
            a ad ai al alcuni all alla alle allo anch anche ancora avere c che
            chi ci cioe com come con cos cosa cose d da dagli dai dal dall dalla
            dalle dallo degli dei del dell della delle dello devo di dopo
            dov dove due e ed era essere fa fare fra gli ha hanno ho i il in io
            l la le lei lo loro ma mi mia mie miei mio ne negli nei nel nell
            nella nelle nello no noi non o ogni per perche piu posso potrei
            puo qual quale quali quand quando quant quanto quel quell quella quelle
            quelli quello quest questa queste questi questo s sapere se sei serve si sia
            sono su sua sue sugli sui sul sull sulla sulle sullo
            suo suoi ti tra tu tua tuo un una uno va vi voglio vorrei
        """,
    }.items()
}
# After Snowball: Greek nouns in -sis and -tis and their adjectives in -tic are one
# word to a reader (metastasi, metastatico; diagnosis, diagnostic; artrite, artritico),
# and so are nouns and their adjectives in -al(e) (tumore, tumorale), and those in -ia
# and -ic, which Snowball parts in English (leukaemia, leukaemic).
FAMILY = re.compile(r"(?<=\w{3}[aeiouy])(?:st|[st]i?)$|(?<=\w{5})al$|(?<=\w{4})ia$")
# British and American: tumour and tumor, oedema and edema, haemoglobin and hemoglobin.
AMERICAN = {"en": [(re.compile(r"(?<=\w{3})our"), "or"), (re.compile("[ao]e"), "e")]}

# Up to here are Latin, Greek, Cyrillic, Hebrew and Arabic letters, and punctuation.
REMEMBERED = 0x2100

_stemmers = local()  # they are not made to be used by two threads


class Word(NamedTuple):
    """One word of a text: where it stands there, and its folded form."""

    start: int
    end: int
    folded: str


class Folds(dict[int, str]):
    """What each character is folded to; of those in Europe it is remembered."""

    def __missing__(self, code: int) -> str:
        lower = chr(code).lower()
        base = unicodedata.normalize("NFKD", lower)[:1]
        folded = base if base.isalnum() else lower[:1]
        if code < REMEMBERED:  # all of Unicode would be 40 MB
            self[code] = folded
        return folded


_folds = Folds()


def fold(text: str) -> str:
    """Return the text in small letters without accents, character for character.

    The result is as long as the text when it is ``composed``.
    """
    return composed(text).translate(_folds)


def words_in(text: str) -> Iterator[Word]:
    """Yield every word of a text, with its place in the ``composed`` text."""
    for found in WORD.finditer(fold(text)):
        yield Word(found.start(), found.end(), found[0].replace("\u00ad", ""))


def parted_in(text: str) -> Iterator[Word]:
    """Yield what may be one word in parts, with its place in the ``composed`` text."""
    text = composed(text)
    for found in PARTED.finditer(text):
        if not found[0].isalnum():
            yield Word(found.start(), found.end(), joined(found[0]))


def joined(text: str) -> str:
    return "".join(filter(str.isalnum, fold(text)))


def codes_in(text: str, language: str) -> Iterator[Word]:
    """Yield what is to be found beside the single words of a text, as one word.

    That is what is written in parts, and words that else say nothing where they stand
    in capitals, such as ALL. A space joins a name that has a capital: of "in 2 weeks"
    nothing is one word.
    """
    text = composed(text)
    for word in parted_in(text):
        name = re.split(f"[{SPACES}]", text[word.start : word.end])[0]
        is_whole = len(name) == word.end - word.start
        if is_whole or is_name(name, language):
            yield word
    for found in CAPITALS.finditer(text):
        if found[0].isupper() and is_empty(folded := fold(found[0]), language):
            yield Word(found.start(), found.end(), folded)


def is_name(word: str, language: str) -> bool:
    """Say whether a written word is no ordinary one: HER, Ca, but neither Il nor in."""
    if word.isupper() and len(word) > 1:
        return True
    return word != word.lower() and not is_empty(fold(word), language)


def codes_of(text: str, language: str) -> list[str]:
    """Return the folded words of ``codes_in``."""
    return [word.folded for word in codes_in(text, language)]


def words_of(text: str) -> list[str]:
    """Return the folded words of a text, in their order."""
    return [word.folded for word in words_in(text)]


def is_empty(word: str, language: str) -> bool:
    """Say whether a folded word says nothing of what a text is about."""
    return word in EMPTY.get(language, ())


def stems_of(text: str, language: str) -> list[str]:
    """Return the stems of a text in their order, without its empty words."""
    return [
        stem(word, language) for word in words_of(text) if not is_empty(word, language)
    ]


@lru_cache(maxsize=65536)
def stem(word: str, language: str) -> str:
    """Return what the forms of a folded word have in common.

    ``language`` is a code of Django's; words of a language that Snowball does not know
    stay as they are, up to 60 letters. Sources: Snowball's algorithms
    (snowballstem.org), and ``FAMILY``.
    """
    word = word[:LONGEST]
    stemmer = stemmer_for(language)
    if stemmer is None or not word.isalpha():
        return word
    for british, american in AMERICAN.get(language, ()):
        word = british.sub(american, word)
    return FAMILY.sub("", stemmer.stemWord(word))


def spellings(stem: str, language: str) -> str:
    """Return a regular expression for how words with that stem may begin."""
    pattern = re.escape(stem)
    if language in AMERICAN:
        pattern = pattern.replace("e", "[ao]?e").replace("or", "ou?r")
    return pattern


def stemmer_for(language: str) -> Stemmer.Stemmer | None:
    """Return this thread's stemmer for a language, if there is one."""
    stemmers = _stemmers.__dict__
    if language not in stemmers:
        name = LANG_INFO.get(language.split("-")[0], {}).get("name", "").lower()
        known = name in Stemmer.algorithms()
        stemmers[language] = Stemmer.Stemmer(name) if known else None
    return stemmers[language]

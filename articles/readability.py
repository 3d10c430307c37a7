"""How hard a text is to read, by the measure that suits its language.

Gulpease for Italian counts letters, Flesch for English counts syllables. Both say
something about length only: a short text of hard words passes.
"""

import re
import unicodedata
from dataclasses import dataclass

from articles.markup.writing import plain_text, sentences_in

FORMULAS = {"it": "Gulpease", "en": "Flesch"}
# The lowest score of each grade. Gulpease: below 60 a text is hard with the middle
# school's leaving certificate, below 40 even with a diploma (Lucisano and Piemontese
# 1988); 50 halves the way between. Flesch: from 60 plain English, from 50 fairly
# difficult, from 30 difficult (The Art of Readable Writing, 1949).
GRADES = {
    "Gulpease": [(60, "EASY"), (50, "FAIR"), (40, "HARD")],
    "Flesch": [(60, "EASY"), (50, "FAIR"), (30, "HARD")],
}
# Too few words for any score, and for one that a sentence more does not change.
FEWEST_WORDS, STABLE_WORDS = 20, 100
# The NHS's content style guide: sentences of up to 20 words.
LONGEST_SENTENCE = 20
# Words a minute of silent reading: Brysbaert, "How many words do we read per minute?",
# Journal of Memory and Language 109, 2019. Other languages: as English, the slower one.
PACE = {"it": 285, "en": 238}
# L’ora, follow-up and 3.5 are one word each, as for the library textstat. Accents may
# be characters of their own.
# Not possessive: before Python 3.11.5 such a group keeps what its last try has read.
WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f]|['’.,‐‑-](?=[^\W_]))*")


@dataclass(frozen=True)
class Readability:
    """What is measured in a text. ``score`` is None, ``grade`` empty if nothing is.

    ``longest`` holds up to five sentences that are too long, the longest first.
    """

    formula: str
    score: float | None
    grade: str
    words: int
    sentences: int
    longest: list[str]

    @property
    def is_stable(self) -> bool:
        """Whether there are enough words for a score to rely on."""
        return self.words >= STABLE_WORDS


def measure(body: str, language: str) -> Readability:
    """Measure a sanitised body in a language, such as "it" or "en-gb"."""
    language = language.partition("-")[0].lower()
    formula = FORMULAS.get(language, "")
    sentences = sentences_of(body, language)
    words = [word for sentence in sentences for word in words_of(sentence)]
    score = score_of(formula, words, len(sentences))
    return Readability(
        formula=formula,
        score=score,
        grade="" if score is None else grade_of(formula, score),
        words=len(words),
        sentences=len(sentences),
        longest=too_long(sentences)[:5],
    )


def minutes_to_read(body: str, language: str) -> int:
    """Return how long a sanitised body takes, in minutes rounded up, at least one."""
    words = len(re.sub(r"<[^>]*>", " ", body).split())
    pace = PACE.get(language.partition("-")[0].lower(), PACE["en"])
    return max(1, -(-words // pace))


def sentences_of(body: str, language: str) -> list[str]:
    """Return the sentences of a sanitised body, without tags and with single spaces.

    A paragraph, a heading, a list item and a table cell end one, and so do ``:`` and
    ``;``: that is how Gulpease counts. What holds no letter is none, such as a number
    in a cell.
    """
    return [
        sentence
        for line in plain_text(body).split("\n")
        for sentence in sentences_in(line, language)
        if any(map(str.isalpha, sentence))
    ]


def words_of(sentence: str) -> list[str]:
    return WORD.findall(sentence)


def too_long(sentences: list[str]) -> list[str]:
    """Return the sentences that have too many words, the longest first."""

    def length(sentence: str) -> int:
        return len(words_of(sentence))

    found = [sentence for sentence in sentences if length(sentence) > LONGEST_SENTENCE]
    return sorted(found, key=length, reverse=True)


def score_of(formula: str, words: list[str], sentences: int) -> float | None:
    """Return the score to one decimal, if there is a formula and enough to count."""
    if not formula or len(words) < FEWEST_WORDS:
        return None
    if formula == "Flesch":
        spoken = sum(map(syllables, words))
        return round(flesch(len(words), sentences, spoken), 1)
    letters = sum(map(str.isalnum, "".join(words)))
    return round(gulpease(letters, len(words), sentences), 1)


def grade_of(formula: str, score: float) -> str:
    grades = (grade for least, grade in GRADES[formula] if score >= least)
    return next(grades, "VERY_HARD")


def gulpease(letters: int, words: int, sentences: int) -> float:
    """Return the Gulpease index, from 0 (hard) to 100, of at least one word.

    Lucisano and Piemontese, «GULPEASE: una formula per la predizione della difficoltà
    dei testi in lingua italiana», Scuola e città 3, 1988. Digits count as letters.
    """
    return min(100.0, max(0.0, 89 + (300 * sentences - 10 * letters) / words))


def flesch(words: int, sentences: int, syllables: int) -> float:
    """Return the Flesch reading ease of at least one word and sentence.

    Flesch, "A new readability yardstick", Journal of Applied Psychology 32, 1948. About
    0 (hard) to 100, but nothing bounds it: it goes up to 121, and far below 0.
    """
    return 206.835 - 1.015 * words / sentences - 84.6 * syllables / words


# Syllables of English ##########################################################

# As they are spoken, not as they are written.
SPOKEN = {
    "aches": 1, "business": 2, "cm": 4, "diabetes": 4, "dna": 3, "dr": 2, "etc": 4,
    "eye": 1, "eyes": 1, "headaches": 2, "hiv": 3, "kg": 3, "mg": 3, "ml": 4, "mm": 4,
    "mr": 2, "mri": 3, "mrs": 2, "naked": 2, "pancreas": 3, "people": 2, "recipe": 3,
    "vs": 2,
}  # fmt: skip
# Vowels that are written and not spoken.
SILENT = re.compile(
    r"""
      (?<=[^aeiouy]) (?<![bcdfgkpstz]l) (?<![bcdfgkpt]r) e $  # care; not table, centre
    | (?<=[^aeioudtlr]) e (?=d$)                              # asked; not needed
    | (?<![bcdfgkpst][lr]) (?<=[lr]) e (?=d$)                 # called; not settled
    | (?<=[^aeiouycghlrsxz]) e (?=s$) | (?<=th) e (?=s$)      # takes; not nurses
    | (?<![bcdfgkpst][lr]) (?<=[lr]) e (?=s$)                 # scales; not tables
    | (?<=[aeio][gq]) ue (?=s?$) | (?<=tong) ue               # vague; not argue
    | (?<=[^aeiouyl]) (?<!^r) e (?=(?:ful|less|ly|ments?|ness|ty)$)  # safely; not rely
    | (?<=[aeiouy]l) e (?=(?:ful|less|ly|ness|ty)$)           # solely; not element
    | (?<=ic) a (?=lly$)                                      # medically
    | (?<=ev) e (?=ning|ry)                                   # every
    | (?: (?<=^car) | (?<=^hom) | (?<=^lif) | (?<=^mor) | (?<=^saf) | (?<=^sid)
        | (?<=^som) | (?<=^tim) | (?<=^guid) | (?<=^hous) | (?<=^ther) | (?<=^wher) )
      e (?=[bcdfghjklmnpqstwz][a-z]{2}|one)                   # something, homework
    """,
    re.VERBOSE,
)
# Where two neighbours are two syllables, or one is spoken that is not written.
APART = re.compile(
    r"""
      (?<![cst]) i (?=a) (?!age|ament) | i (?=a(?:sis|t))     # trial; not special
    | (?<=[bdfhlmnprv]) (?<!^fr) i (?=e[nrt])                 # diet; not friend
    | ^sci | qui (?=et) | i (?=ety)                           # science, anxiety
    | (?<![cgstx]) i (?=o(?!n)) | (?<=[mpr]) i (?=on) | ^lio  # biopsy; not million
    | i (?=[iu])                                              # medium
    | (?<=[aeiou][^aeiou]) e (?=as?$) | e (?=ing|u[ms]$)      # area, museum
    | cre (?=at[^u]) | the (?=at) | nucle (?=a) | line (?=ar) # create; not creature
    | ^re (?=act|ali[stz]|inf|o)                              # react
    | (?<![ghp]) (?<!mor) (?<!som) e (?=o) | [gh]e (?=o[glm]) # stereo; not surgeon
    | (?<![gqs]) u (?=a) | su (?=al)                          # manual; not language
    | (?<![gq]) u (?=el|en|ity|ous)                           # influence; not frequent
    | (?<=[flnrs]) u (?=i(?:ci|d|n))                          # fluid; not build
    | (?<=[a-z]) y (?=ing|one) | (?<=[aeou]) y (?=a|e[er]|o)  # trying; not your
    | (?<=[cdghm]) y (?=[ao])                                 # myalgia
    | a (?=ic|o) | o (?=e[lmrt]|ic$|ing)                      # mosaic, going; not voice
    | ^co (?=ag|ali|ex|inc|op|or[dr])                         # coagulate; not coach
    | sm (?=s?$) | (?<=[ds]) nt$ | thm | ^mc                  # spasm, isn't, rhythm
    """,
    re.VERBOSE,
)


def syllables(word: str) -> int:
    """Count the syllables of an English word, at least one.

    Groups of vowels, corrected in the manner of Greg Fast's Lingua::EN::Syllable. The
    CMU Pronouncing Dictionary agrees for 96 in 100 of the 20,000 most frequent words,
    which is 99 in 100 words of running text. A number counts as one.
    """
    parts = re.findall(r"[^\W\d_]+", re.sub("['’\u0300-\u036f]", "", word))
    return max(1, sum(map(syllables_of, parts)))


def syllables_of(part: str) -> int:
    """Count the syllables of a word that holds nothing but letters."""
    bare = unicodedata.normalize("NFKD", part.lower())
    bare = "".join(c for c in bare if c.isalpha())
    if bare in SPOKEN:
        return SPOKEN[bare]
    # CT is spelt out.
    if part.isupper() and not re.search("[aeiouy]", bare):
        return len(bare)
    groups = re.findall("[aeiouy]+", SILENT.sub("", bare))
    return max(1, len(groups) + len(APART.findall(bare)))

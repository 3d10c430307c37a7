"""What somebody looks for, taken apart. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from articles.search.words import Word, is_empty, parted_in, stem, words_in
from clinic.accents import composed

LONGEST = 100  # characters
MOST = 8  # words
QUOTES = str.maketrans("“”„«»", '"' * 5)

# What comes along when a word is copied from a page, and parts it: the places where it
# may be hyphenated, and marks without width.
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")

# A stem, or the stems of a phrase in their order.
Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One word or one phrase of a query, and what counts as the same.

    ``words`` are folded, as typed. ``start`` and ``end`` are its place in the text.
    """

    words: tuple[str, ...]
    start: int
    end: int
    phrases: tuple[Phrase, ...]

    def also(self, phrases: Iterable[Phrase]) -> Part:
        """Return it with more that counts as the same."""
        more = (phrase for phrase in phrases if phrase not in self.phrases)
        return replace(self, phrases=(*self.phrases, *dict.fromkeys(more)))


@dataclass(frozen=True)
class Query:
    """A text as the search understands it; all of its parts are looked for."""

    text: str
    language: str
    parts: tuple[Part, ...]
    # Whether the text was longer than what is looked for.
    was_cut: bool = False

    @property
    def says_something(self) -> bool:
        """Whether one of the words tells what is looked for."""
        words = (word for part in self.parts for word in part.words)
        return not all(is_empty(word, self.language) for word in words)

    @property
    def stems(self) -> frozenset[str]:
        """Every stem that a page may be found by."""
        return frozenset(
            stem for part in self.parts for phrase in part.phrases for stem in phrase
        )


def tidy(text: str) -> str:
    """Return a text with single spaces, quotation marks of one kind, nothing unseen."""
    text = UNSEEN.sub("", text[: 4 * LONGEST])
    printable = "".join(c if c.isprintable() else " " for c in text)
    # Composed: the places of words are counted in such a text.
    return composed(" ".join(printable.translate(QUOTES).split()))


def parse(text: str, language: str) -> Query:
    """Return the words and quoted phrases of a text: the first eight.

    Words that say nothing are left out, unless there are no others. A quotation mark
    without its counterpart is none. Longer texts than 100 characters are cut.
    """
    tidied = tidy(text)
    cut = tidied[:LONGEST].rstrip()
    parts = list(parts_of(cut, language))
    kept = [part for part in parts if part.phrases[0]] or [
        replace(part, phrases=(stems(part.words, language),)) for part in parts
    ]
    was_cut = cut != tidied or len(kept) > MOST
    return Query(cut, language, tuple(kept[:MOST]), was_cut)


def parts_of(text: str, language: str) -> Iterator[Part]:
    """Yield every word and phrase; with an empty phrase those that say nothing."""
    sections = text.split('"')
    start = 0
    for number, section in enumerate(sections):
        # Between two marks, not behind one that nothing closes.
        is_quoted = number % 2 == 1 and number < len(sections) - 1
        read = phrase_of if is_quoted else each_word_of
        for part in read(section, language):
            yield replace(part, start=start + part.start, end=start + part.end)
        start += len(section) + 1


def phrase_of(text: str, language: str) -> Iterator[Part]:
    """Yield the words of a text as one part, if it has any."""
    runs = list(runs_in(text))
    words = [word for _code, run in runs for word in run]
    if words:
        whole = [word for code, run in runs for word in ([code] if code else run)]
        part = part_of(words, language)
        yield part.also(part_of(whole, language).phrases)


def each_word_of(text: str, language: str) -> Iterator[Part]:
    """Yield every word of a text as a part.

    Where several may be one word in parts, each also stands for the whole.
    """
    for code, run in runs_in(text):
        if code is None:
            yield part_of(run, language)
            continue
        written = text[code.start : code.end]
        says_nothing = is_empty(run[0].folded, language)
        if code.folded.isalpha() or (says_nothing and " " not in written):
            yield part_of([code], language)  # T.A.C. and HER-2
            continue
        is_meant = says_nothing and (written == text or written.isupper())
        for part in (part_of([word], language) for word in run):
            both = (*part.phrases, stems([code.folded], language))
            if part.phrases[0]:
                # "her 2" is meant as one word, "in 2 weeks" is not.
                yield replace(part, phrases=both[::-1] if is_meant else both)
            else:
                yield part


def runs_in(text: str) -> Iterator[tuple[Word | None, list[Word]]]:
    """Yield the words of a text, those together that may be one; and that one."""
    codes = list(parted_in(text))

    def code_of(word: Word) -> Word | None:
        return next((c for c in codes if c.start <= word.start < c.end), None)

    for code, run in groupby(words_in(text), code_of):
        if code:
            yield code, list(run)
        else:
            yield from ((None, [word]) for word in run)


def part_of(words: list[Word], language: str) -> Part:
    """Return one part of all these words; its phrase has those that say something."""
    folded = tuple(word.folded for word in words)
    telling = [word for word in folded if not is_empty(word, language)]
    return Part(folded, words[0].start, words[-1].end, (stems(telling, language),))


def stems(words: Iterable[str], language: str) -> Phrase:
    return tuple(stem(word, language) for word in words)

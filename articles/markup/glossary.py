"""Words that are explained: found in a text, and marked where they first stand.

What is marked is HTML as ``render`` writes it: tags in one form, quoted attributes.
Nothing but the marks is added, and nothing is taken away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from articles.markup.sanitiser import INLINE
from articles.search.words import Word, is_empty, stem, words_in
from clinic.accents import composed

TAG = re.compile(r'(<(?:[^<>"]|"[^"]*")*>)')
NAME = re.compile(r"</?([a-z][a-z0-9]*)")
# Where nothing is explained: what leads elsewhere, what names a part of the page, and
# the card on which nothing but the emergency counts.
UNMARKED = {"a", "button", "caption", "h1", "h2", "h3", "h4", "h5", "h6", "th"}
EMERGENCY = "care--emergency"
# What may stand between two words of one term: a space, a hyphen, an apostrophe.
BETWEEN = re.compile(r"(?:\s|&nbsp;|[-‐‑'’])+")
# Shorter words that stand alone have no other forms: "porti" is no plural of "port".
SHORTEST_STEM = 5


@dataclass(frozen=True)
class Note:
    """A term with what readers are told of it, and all names under which it stands."""

    name: str
    definition: str
    pronunciation: str = ""
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explained:
    """A marked text, and the notes in the order in which their words first stand."""

    html: str
    notes: list[Note]


class Glossary:
    """The terms of a language, ready to be looked for.

    Of two that have the same name the first is meant. A term of several words is found
    before one that is a part of it.
    """

    def __init__(self, language: str, notes: Iterable[Note]) -> None:
        self.language = language
        # By the first word: the words that follow it, the longest term first.
        self.terms: dict[str, list[tuple[tuple[str, ...], Note]]] = {}
        for note in notes:
            for name in (note.name, *note.other_names):
                words = spelled(name)
                keys = tuple(key_of(w, language, len(words)) for w in words)
                if keys:
                    self.terms.setdefault(keys[0], []).append((keys[1:], note))
        for found in self.terms.values():
            found.sort(key=lambda term: -len(term[0]))

    def find(self, text: str) -> Iterator[tuple[int, int, Note | None]]:
        """Yield every term and every other word of a text with its place.

        ``text`` may hold entities, but no tags.
        """
        if composed(text) != text:
            return  # places would be those of another text
        words = [w for w in words_in(text) if not is_entity(text, w)]
        keys = [keys_of(text[w.start : w.end], w.folded, self.language) for w in words]
        position = 0
        while position < len(words):
            length, note = 1, None
            if not self.terms.keys().isdisjoint(keys[position]):
                length, note = self.longest(text, words, keys, position)
            yield words[position].start, words[position + length - 1].end, note
            position += length

    def longest(
        self, text: str, words: list[Word], keys: list[frozenset[str]], position: int
    ) -> tuple[int, Note | None]:
        """Return the longest term that begins at a word, and how many words it has."""
        best: tuple[int, Note | None] = (1, None)
        for first in keys[position]:
            for rest, note in self.terms.get(first, ()):
                if best[1] and len(rest) + 1 <= best[0]:
                    break
                if follow(rest, text, words, keys, position):
                    best = (len(rest) + 1, note)
                    break
        return best


def follow(
    rest: tuple[str, ...],
    text: str,
    words: list[Word],
    keys: list[frozenset[str]],
    position: int,
) -> bool:
    """Say whether these words stand behind the one at that position."""
    if position + len(rest) >= len(words):
        return False
    return all(
        key in keys[position + n]
        and BETWEEN.fullmatch(
            text, words[position + n - 1].end, words[position + n].start
        )
        for n, key in enumerate(rest, 1)
    )


def is_entity(text: str, word: Word) -> bool:
    return (
        text[word.start - 1 : word.start] == "&"
        and text[word.end : word.end + 1] == ";"
    )


def spelled(name: str) -> list[tuple[str, str]]:
    """Return the words of a name, each as it is written and folded."""
    name = composed(name)
    return [(name[w.start : w.end], w.folded) for w in words_in(name)]


def key_of(word: tuple[str, str], language: str, length: int) -> str:
    """Return what tells that a word of a text is this word of a term.

    ``length`` is how many words the term has.
    """
    written, folded = word
    if len(written) > 1 and written.isupper():
        return f"={written}"  # PET is no pet
    if length == 1 and len(folded) < SHORTEST_STEM:
        return f"'{folded}"
    return stem(folded, language)


@lru_cache(maxsize=65536)
def keys_of(written: str, folded: str, language: str) -> frozenset[str]:
    """Return the keys of every word of a term that this word of a text can be."""
    keys = {f"'{folded}", stem(folded, language)}
    if language == "en" and len(folded) > 3 and folded.endswith("s"):
        keys.add(f"'{folded[:-1]}")
    # Greek plurals, which have another stem: metastases of a metastasis.
    if language == "en" and len(folded) > 6 and folded.endswith("ses"):
        keys.add(stem(f"{folded[:-3]}sis", language))
    if written.isupper():
        keys.add(f"={written}")
    return frozenset(keys)


# Marks #######################################################################


def explain(html: str, glossary: Glossary) -> Explained:
    """Mark the first use of every term in the body of an article.

    What is added is a button and, behind it, the note that it opens.
    """
    if not glossary.terms:
        return Explained(html, [])
    pieces = TAG.split(html)  # every second one is a tag
    # From some machines an accent comes as a sign of its own.
    pieces[::2] = map(composed, pieces[::2])
    notes: list[Note] = []
    inside: list[str] = []  # the unmarked element, and those of its name within it
    for place, piece in enumerate(pieces):
        if place % 2:
            keep_outside(inside, piece)
        elif piece and not inside and "<" not in piece:
            pieces[place] = marked(piece, place, pieces, glossary, notes)
    return Explained("".join(pieces), notes)


def keep_outside(inside: list[str], tag: str) -> None:
    """Note that an element in which nothing is marked begins or ends with the tag."""
    found = NAME.match(tag)
    name = found[1] if found else ""
    if tag.startswith("</"):
        if inside and inside[-1] == name:
            inside.pop()
    elif name in UNMARKED or EMERGENCY in tag or name in inside:
        inside.append(name)


def marked(
    text: str, place: int, pieces: list[str], glossary: Glossary, notes: list[Note]
) -> str:
    """Mark what is not among the notes yet, and add it to them."""
    parts, done = [], 0
    for start, end, note in glossary.find(text):
        if note is None or note in notes or is_part(start, end, place, pieces):
            continue
        notes.append(note)
        parts += [text[done:start], mark(text[start:end], len(notes), note)]
        done = end
    return "".join([*parts, text[done:]])


def is_part(start: int, end: int, place: int, pieces: list[str]) -> bool:
    """Say whether letters of the same word stand beyond a tag: micro<em>biopsy</em>."""
    text = pieces[place]
    before = start == 0 and neighbour(place, -1, pieces)[-1:].isalpha()
    behind = end == len(text) and neighbour(place, 1, pieces)[:1].isalpha()
    return before or behind


def neighbour(place: int, step: int, pieces: list[str]) -> str:
    """Return the text that goes on beyond tags inside a line; empty if none does."""
    while 0 <= place + 2 * step < len(pieces):
        found = NAME.match(pieces[place + step])
        if found is None or found[1] not in INLINE or found[1] == "br":
            return ""
        place += 2 * step
        if pieces[place]:
            return pieces[place]
    return ""


def mark(words: str, number: int, note: Note) -> str:
    # The id of a heading is a slug, which has no two hyphens.
    name = f"word--{number}"
    said = f" ({escape(note.pronunciation)})" if note.pronunciation else ""
    return (
        f'<button type="button" class="term" popovertarget="{name}">{words}</button>'
        f'<span class="note" role="note" id="{name}" popover> '
        f"<b>{escape(note.name)}</b>{said}: {escape(note.definition)}</span>"
    )


# Help for whoever writes #####################################################

LONG = 13
# Shorter ones are hard as well if they end as medical words do.
MEDICAL = re.compile(
    r".{3,}(?:aemia|emia|ectom(?:y|ia|ie)|grafi[ae]|graphy|itis|ite|oma|omas|omi"
    r"|opath(?:y|ic)|opati[ae]|osis|osi|pen(?:ia|ie)|plast(?:y|ica)|scop(?:y|ia|ie)"
    r"|stom(?:y|ia|ie)|therapy|terapi[ae]|tom(?:y|ia|ie)|trop(?:ia|y))"
)
# Long, and known to everybody.
EVERYDAY = re.compile(r".*(?:mente|ly|ing|ness|ful|less)")


def hard_words(text: str, glossary: Glossary) -> list[str]:
    """Return the long and the medical words of a text that no term explains.

    ``text`` has no tags and no entities. Each word once, whatever its form, as it
    first stands; the longest first.
    """
    text = composed(text)
    found: dict[str, str] = {}
    for start, end, note in glossary.find(text):
        written = text[start:end]
        folded = spelled(written)[0][1]
        if note is None and is_hard(folded, glossary.language):
            found.setdefault(stem(folded, glossary.language), written)
    return sorted(found.values(), key=lambda word: -len(word))


def is_hard(folded: str, language: str) -> bool:
    if not folded.isalpha() or is_empty(folded, language):
        return False
    if len(folded) >= 8 and MEDICAL.fullmatch(folded):
        return True
    return len(folded) >= LONG and not EVERYDAY.fullmatch(folded)

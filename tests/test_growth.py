"""A11: no text takes a parser for ever. Twice as much takes about twice as long.

What is compared is the processor's time of this thread, for a text and one eight times
as long: eight times is right, sixty-four would be the square.
"""

import gc
import time
from functools import cache, partial

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.template.defaultfilters import truncatewords

from articles import alphabet, markup
from articles.markup import Glossary, Note, writing
from articles.markup.sanitiser import sanitise
from articles.readability import measure, minutes_to_read
from articles.search import passages, query, words
from clinic import old_addresses, vcard
from clinic.accents import composed
from clinic.phones import parse_phone

GLOSSARY = Glossary("en", [Note("a a a b", "x"), Note("biopsy", "y")])


def if_valid(read):
    """Call it; a refusal is an answer as good as any."""

    def answer(text):
        try:
            return read(text)
        except ValidationError:
            return None

    return answer


PLAIN = [
    "a", "A", " ", "\n", "<", ">", ".", "@", "-", "&", "/", '"', "'", "(", ")", "=",
    "0", "1,", "a ", "a.b@", "+39 ", "a-", "!a. ", "&#", "&amp;", "www.", "http://",
    "\u0301", "\u0316\u0301", "x\u0300\u0327\u0301", "\u0591\u05b0", "\u00ad",
    "\u200b", "\u202e", "aa\u0301 ", "{{", "\\",
]  # fmt: skip
BODIES = [
    "<b>", "<p>x</p>", "<p>", "</p>", "<h2>a</h2>", "<h3>", "<li>a", "<br>", "&amp;",
    "<a href=/x>a</a> ", "<aside><table><tr><td>", "<aside class=care>", "<sup>",
    '<span data-contact="phone-3"></span>', "<ul><li>", "a. ", "3 ", "331 761 2698 ",
    "PMID ", "\u0316\u0301", "x\u0300\u0327\u0301", "biopsy ", "click here", "1. ",
]  # fmt: skip
# What reads any text, and what reads bodies.
OF_TEXT = {
    "email": if_valid(validate_email),
    "web address": if_valid(URLValidator()),
    "phone": if_valid(partial(parse_phone, region="IT")),
    "truncation": lambda text: truncatewords(text, 18),
    "search": lambda text: query.parse(text, "it"),
    "words": lambda text: words.stems_of(text, "en"),
    "codes": lambda text: words.codes_of(text, "en"),
    "passage": lambda text: passages.passage(text, {"a", "b"}, "it"),
    "accents": composed,
    "A to Z": lambda text: alphabet.sort_key(text, "it"),
    "address asked for": lambda text: old_addresses.asked(f"/{text}", text),
    "address of Joomla": lambda text: old_addresses.asked("/index.php", f"id={text}"),
    "address typed": old_addresses.typed,
    "address in words": old_addresses.words,
    "card": lambda text: vcard.fold(vcard.escape(text)),
    "wording": lambda text: writing.phrases_in(text, ["a a", "cure*", "100 %", "a-a"]),
    "sentences": lambda text: list(writing.sentences_in(text, "it")),
    "hard words": lambda text: markup.hard_words(text, GLOSSARY),
    "sanitiser": sanitise.__wrapped__,
}
OF_BODIES = {
    "sanitiser": sanitise.__wrapped__,
    "page": markup.render,
    "glossary": lambda body: markup.explain(body, GLOSSARY),
    "typed numbers": lambda body: markup.typed_numbers(body, "IT"),
    "contacts": markup.references,
    "care cards": markup.care_cards,
    "plain text": writing.plain_text,
    "order of headings": writing.headings_out_of_order,
    "vague links": lambda body: writing.vague_links(body, "it"),
    "readability": lambda body: measure(body, "en"),
    "Gulpease": lambda body: measure(body, "it"),
    "minutes": lambda body: minutes_to_read(body, "it"),
}
SHORT, LONG = 6_250, 50_000
# Nothing grows so fast that it could be the square, below this.
MOST = 24
# What takes less than half a microsecond a character can be measured no better.
AT_ONCE = 0.02


@cache
def stored(body):
    """Return it as the database has it; every reader of bodies is given the same."""
    return sanitise.__wrapped__(body)


def seconds(read, text, times):
    """The least of the processor's time, in this thread, that it takes."""
    taken = []
    for _ in range(times):
        begun = time.thread_time()
        read(text)
        taken.append(time.thread_time() - begun)
    return min(taken)


def assert_grows_like_its_text(read, short, long):
    gc.disable()  # its time grows with everything that is kept
    try:
        if seconds(read, long, 1) < AT_ONCE:
            return
        assert seconds(read, long, 2) <= MOST * seconds(read, short, 2), short[:20]
    finally:
        gc.enable()


@pytest.mark.parametrize("name", OF_TEXT)
def test_a11_no_text_takes_a_parser_for_ever(name):
    for piece in PLAIN:
        # What fits all the way and not at the end is read again from every place.
        texts = (f"{piece * (size // len(piece))}!" for size in (SHORT, LONG))
        assert_grows_like_its_text(OF_TEXT[name], *texts)


@pytest.mark.parametrize("name", OF_BODIES)
def test_a11_no_body_takes_a_page_for_ever(name):
    for piece in BODIES:
        typed = [piece * (size // len(piece)) for size in (SHORT, LONG)]
        bodies = typed if name == "sanitiser" else map(stored, typed)
        assert_grows_like_its_text(OF_BODIES[name], *bodies)


@pytest.mark.parametrize("tag", ["h2", "h3", "p", "li", "strong", "td", "a href=/x"])
def test_a11_no_words_within_a_tag_take_a_page_for_ever(tag):
    for piece in ("\u0316\u0301", "a ", "x\u0300\u0327\u0301", "&amp;", "."):
        bodies = (f"<{tag}>{piece * (size // len(piece))}" for size in (SHORT, LONG))
        assert_grows_like_its_text(markup.render, *map(stored, bodies))


def test_the_measure_tells_the_square_from_the_line():
    def square(text):
        return [text.find("!", place) for place in range(0, len(text), 20)]

    with pytest.raises(AssertionError):
        assert_grows_like_its_text(square, "a" * 50_000, "a" * 400_000)
    assert_grows_like_its_text(sorted, "ab" * 20_000, "ab" * 160_000)

"""What is fuzzed: inputs, and what has to hold for every one of them.

Where the tests of a module state that already, it is theirs. An input that was found to
break something is kept among the examples, which are tried first each time.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import SuspiciousOperation, ValidationError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils import timezone
from hypothesis import strategies as st
from PIL import Image

from articles import alphabet, markup
from articles.markup import Glossary, Note, writing
from articles.markup.comparison import compare, is_same
from articles.markup.glossary import TAG
from articles.readability import measure, minutes_to_read
from articles.search import passages, query
from articles.search.words import stems_of, words_in
from clinic import old_addresses, pictures
from clinic.accents import composed
from clinic.forms import MomentField
from clinic.pictures import Renditions
from clinic.uploads import Handler
from tests.articles import test_markup
from tests.clinic import test_hours, test_old_addresses, test_phones, test_vcard
from tests.conftest import picture_bytes, upload


@dataclass(frozen=True)
class Target:
    """``check`` raises if something does not hold for one of the ``inputs``."""

    inputs: st.SearchStrategy
    check: Callable[[Any], object]
    examples: tuple[Any, ...] = ()


def inner(test):
    """What a test of Hypothesis's does with one input, or with a tuple of several."""
    return test.hypothesis.inner_test


# Texts #######################################################################

MARKS = "aeò'’-.,;:!?()[]\"«»&<>%*/\\=0123 \n\t\u00ad\u200b\u0300\u0327\u0591\u1dc4"
TEXTS = st.text() | st.text(MARKS + "ABbiopsyIl", max_size=60)
BODIES = (test_markup.HOSTILE | TEXTS).map(markup.sanitise)
GLOSSARY = {
    language: Glossary(
        language, [Note("a", "x"), Note("biopsy", "y", "z"), Note("e ò a", "&<>")]
    )
    for language in ("en", "it")
}


def search(case):
    text, language = case
    asked = query.parse(text, language)
    assert len(asked.parts) <= query.MOST
    assert len(asked.text) <= query.LONGEST
    for part in asked.parts:
        assert 0 <= part.start < part.end <= len(composed(asked.text))
    assert query.parse(asked.text, language).parts == asked.parts
    for found in (passages.marked, passages.passage):
        pieces = found(text, asked.stems, language)
        shown = "".join(piece.text for piece in pieces).removeprefix("… ")
        assert shown.removesuffix(" …") in composed(text)
    assert all(stems_of(text, language))


def advice(case):
    body, language = case
    text = writing.plain_text(body)
    found = markup.hard_words(text, GLOSSARY[language])
    assert set(found) <= {composed(text)[w.start : w.end] for w in words_in(text)}
    measured = measure(body, language)
    assert measured.words >= 0
    assert minutes_to_read(body, language) >= 1
    writing.phrases_in(text, ["a*", "100 %", body[:100]])
    writing.headings_out_of_order(body)
    writing.vague_links(body, language)
    markup.typed_numbers(body, "IT")
    key = alphabet.sort_key(text, language)
    assert key == key.strip()


def glossary(case):
    """Marks are added, accents stand in their letters; nothing else is changed."""
    body, language = case
    page = markup.render(body).html
    explained = markup.explain(page, GLOSSARY[language])
    bare = re.sub(r'<span class="note" .*?</span>', "", explained.html, flags=re.DOTALL)
    button = r'<button type="button" class="term"[^>]*>(.*?)</button>'
    pieces = TAG.split(page)
    pieces[::2] = map(composed, pieces[::2])
    assert re.sub(button, r"\1", bare) == "".join(pieces)
    assert explained.html.count("popovertarget") == len(explained.notes)


def comparison(case):
    before, after = case
    compare(before, after)
    assert is_same(compare(after, after))


def addresses(text):
    form = old_addresses.typed(text)
    assert old_addresses.typed(form) == form
    path, _, rest = form.partition("?")
    for variant in old_addresses.variants(form):
        assert variant.partition("?")[0] == path
    assert len(old_addresses.words(text).split()) <= old_addresses.MOST_WORDS
    old_addresses.parameters(f"{path}.php", rest or text)
    inner(test_old_addresses.test_the_words_are_few_and_plain)(text)


def moment(text):
    try:
        found = MomentField(required=False).clean(text)
    except ValidationError:
        return
    assert found is None or timezone.is_aware(found)


# Files #######################################################################

WHOLE = [
    picture_bytes(format, (40, 36), mode)
    for format, mode in (
        ("JPEG", "RGB"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "RGBA"),
        ("PNG", "P"), ("PNG", "1"), ("WEBP", "RGBA"), ("AVIF", "RGB"),
    )
]  # fmt: skip
WHOLE.append(picture_bytes("JPEG", (40, 36), progressive=True))


@st.composite
def damaged(draw):
    """A picture with bytes changed, taken out, doubled, or put in."""
    content = bytearray(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 40))
        new = draw(st.binary(max_size=12) | st.just(bytes(content[place:][:length])))
        content[place : place + draw(st.sampled_from([0, len(new), length]))] = new
    return bytes(content)


def picture(content):
    try:
        found = pictures.render(upload(content))
    except ValidationError:
        return
    assert isinstance(found, Renditions)
    for name, file in found.files.items():
        with Image.open(io.BytesIO(file)) as image:
            assert image.width == int(name.partition(".")[0])


BOUNDARY = b"--x\r\n"
LINE_OF_FILE = b'Content-Disposition: form-data; name="a"; filename="x.jpg"\r\n'
LINES = st.sampled_from(
    [
        BOUNDARY, b"--x--\r\n", b"\r\n", b"\r\n\r\n", b"--x", b"\0", b"=", b"%",
        b'Content-Disposition: form-data; name="a"\r\n',
        LINE_OF_FILE,
        b"Content-Disposition: form-data; filename*=utf-8''%e2%82; name=a\r\n",
        b"Content-Disposition: form-data; name*0=a; name*1=b; filename=../../x\r\n",
        b"Content-Transfer-Encoding: base64\r\n", b"Content-Type: image/jpeg\r\n",
        b"Content-Type: text/plain; charset=no-such\r\n", b"Content-Length: -1\r\n",
        b"YWJj\r\n", b"YWJ\r\n", b"Content-Disposition: form-data\r\n",
    ]
)  # fmt: skip
FORMS = st.lists(LINES | st.binary(max_size=20), max_size=20).map(b"".join)


def form(body):
    handler = Handler()
    meta = {"CONTENT_TYPE": "multipart/form-data; boundary=x"}
    meta["CONTENT_LENGTH"] = str(len(body))
    try:
        _typed, files = MultiPartParser(meta, io.BytesIO(body), [handler]).parse()
    except (MultiPartParserError, SuspiciousOperation):
        handler.upload_interrupted()
        return
    for _name, received in files.lists():
        for file in received:
            assert "/" not in file.name
            assert len(file.read()) == file.size
            file.close()
    handler.upload_interrupted()


LANGUAGES = st.sampled_from(["en", "it"])
TARGETS = {
    "sanitiser": Target(
        test_markup.HOSTILE | st.text(),
        inner(test_markup.test_a01_whatever_comes_in_only_harmless_html_comes_out),
    ),
    "search": Target(
        st.tuples(TEXTS, LANGUAGES), search, (("K\u0327«0", "en"), ("e\u0300 o", "it"))
    ),
    "advice": Target(
        st.tuples(BODIES, LANGUAGES), advice, (("<p>x\u0300\u0301\u0302x</p>", "en"),)
    ),
    "glossary": Target(
        st.tuples(BODIES, LANGUAGES), glossary, (("<p>\u09dc</p>", "en"),)
    ),
    "comparison": Target(st.tuples(BODIES, BODIES), comparison),
    "addresses": Target(TEXTS | st.text("/%?=&:.#ab0Ì\u0300 ", max_size=60), addresses),
    "phone": Target(
        st.tuples(test_phones.TYPED, st.sampled_from(["IT", "GB", "US", "SM"])),
        lambda case: inner(
            test_phones.test_a07_any_text_is_a_dialable_number_or_a_refusal
        )(*case),
    ),
    "card": Target(
        test_vcard.cards(),
        inner(
            test_vcard.test_a07_any_text_comes_back_from_both_parsers_and_adds_no_property
        ),
    ),
    "hours": Target(
        st.tuples(
            test_hours.schedules(),
            st.lists(st.integers(0, 10 * 24 * 60), min_size=1, max_size=6),
        ),
        lambda case: inner(
            test_hours.test_open_or_not_and_the_next_change_are_the_oracles
        )(*case),
    ),
    "moment": Target(TEXTS | st.text("0123456789/.-:T ", max_size=20), moment),
    "picture": Target(damaged(), picture),
    "form": Target(
        FORMS,
        form,
        # Of two files the second breaks off.
        (LINE_OF_FILE + b"\r\n\r\n--x\r\n" + LINE_OF_FILE + b"\r\n",),
    ),
}

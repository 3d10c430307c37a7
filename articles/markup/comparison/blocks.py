"""A body as a list of blocks, each written with signs so that no change is invisible.

==================  =============================================================
``*a*`` ``_a_``     bold, italic
``H_(2)O 10^(3)``   lowered, raised
``a (/address)``    a link and where it leads
``[phone-3]``       a contact of the practice
``• a`` ``2. a``    an item of a list; an indent for what goes on inside it
``| a`` ``|= a``    a cell and a header cell, where the label does not say so
``# a`` ``## a``    a heading and a subheading, likewise
``> a``             a quotation, likewise
``[urgent] a``      a box round the box that the label names
==================  =============================================================
"""

import html
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser

from articles.markup.structure import CONTACT, care_kind

BOXES = ("callout", "ask", "care", "urgent", "emergency")
# What a row can be labelled with. Inside a box everything bears the box's name: whoever
# reads a single row has to see that it belongs to an emergency.
LABELS = (
    "heading", "subheading", "text", "item", "cell", "header", "quotation", "contact",
    *BOXES,
)  # fmt: skip

# Contacts, numbers such as 2,5 or 8:30, words with their accents, white space, signs.
TOKEN = re.compile(
    rf"\[{CONTACT}\]|\d+(?:[.,:]\d+)+|(?:[^\W_]|[\u0300-\u036f])+|\s+|.", re.DOTALL
)


def is_word(token: str) -> bool:
    return any(character.isalnum() for character in token)


@dataclass(frozen=True)
class Block:
    """A paragraph, heading, item or cell, or a part of it that stands alone."""

    label: str
    mark: str  # the signs before its words
    words: str
    key: str  # equal in blocks that are the same
    joint: int  # how many of its elements the block before it stands in too

    @property
    def text(self) -> str:
        return self.mark + self.words

    @cached_property
    def bag(self) -> Counter[str]:
        return Counter(token for token in TOKEN.findall(self.words) if is_word(token))


@dataclass
class Element:
    """An element of the body that is open while it is read."""

    tag: str
    written: str
    sort: str = ""  # the label of what stands in it
    mark: str = ""
    contact: str = ""
    number: int = 0  # of the next item of a list
    blocks: int = 0  # read inside it so far


BLOCK_TAGS = {
    "aside", "blockquote", "h2", "h3", "li", "ol", "p", "table", "tbody", "td", "th",
    "thead", "tr", "ul",
}  # fmt: skip
SORTS = {
    "blockquote": "quotation", "h2": "heading", "h3": "subheading", "li": "item",
    "td": "cell", "th": "header",
}  # fmt: skip
MARKS = {"blockquote": "> ", "h2": "# ", "h3": "## ", "td": "| ", "th": "|= "}
# Only the first block in these has the mark, as on the page.
MARKED_ONCE = {"li", "td", "th"}
INDENT = "\u2003"  # a space that browsers keep
SIGNS = {"strong": ("*", "*"), "em": ("_", "_"), "sub": ("_(", ")"), "sup": ("^(", ")")}


def blocks(body: str) -> list[Block]:
    """Read a sanitised body as a list of blocks."""
    reader = Reader()
    reader.feed(body)
    reader.close()
    reader.end_block()
    return reader.blocks


class Reader(HTMLParser):
    """Collect blocks. Not a tree: a body may be nested deeper than Python recurses."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        self.open: list[Element] = []
        self.addresses: list[str] = []
        # Of the block being read.
        self.shown: list[str] = []
        self.source: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        written = self.get_starttag_text() or ""
        if tag in BLOCK_TAGS:
            self.end_block()
            self.open.append(self.element(tag, written, values))
            return
        self.source.append(written)
        if tag == "a":
            self.addresses.append(values.get("href", ""))
        elif tag == "br":
            self.shown.append("\n")
        elif "data-contact" in values:
            self.shown.append(f"[{values['data-contact']}]")
        elif tag in SIGNS:
            self.shown.append(SIGNS[tag][0])

    def handle_data(self, data: str) -> None:
        self.shown.append(data)
        self.source.append(html.escape(data))

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCK_TAGS:
            if self.open and self.open[-1].tag == tag:
                self.end_element(self.open[-1])
            return
        self.source.append(f"</{tag}>")
        if tag == "a" and self.addresses:
            self.shown.append(f" ({self.addresses.pop()})")
        elif tag in SIGNS:
            self.shown.append(SIGNS[tag][1])

    def element(self, tag: str, written: str, values: dict[str, str]) -> Element:
        """Describe the block element that begins here."""
        element = Element(tag, written, SORTS.get(tag, ""), MARKS.get(tag, ""))
        if tag == "aside":
            classes = values.get("class", "")
            # Another number is no other card: it is a block of its own.
            element.written = f'<aside class="{classes}">'
            element.contact = values.get("data-contact", "")
            element.sort = box(classes, element.contact)
            if element.sort in BOXES:
                element.mark = f"[{element.sort}] "
        elif tag == "ol":
            start = values.get("start", "")
            element.number = int(start) if start.isdecimal() else 1
        elif tag == "li":
            element.mark = self.bullet()
        elif tag in {"td", "th"}:
            element.written = f"<{tag}>"
        return element

    def bullet(self) -> str:
        """Number the item that begins here, or give it a dot."""
        if not self.open or self.open[-1].tag != "ol":
            return "• "
        self.open[-1].number += 1
        return f"{self.open[-1].number - 1}. "

    def end_element(self, element: Element) -> None:
        """Close the innermost element. One with nothing in it is an empty block."""
        self.end_block(even_blank=not element.contact and not element.blocks)
        if element.contact:
            # Last, as on the page: the number stands below the words of the card.
            self.shown.append(f"[{element.contact}]")
            self.source.append(f'data-contact="{element.contact}"')
            self.end_block()
        self.open.pop()

    def end_block(self, *, even_blank: bool = False) -> None:
        """Make a block of what was read since the last one."""
        source = "".join(self.source)
        if even_blank or source.strip():
            self.blocks.append(self.block(source))
            for element in self.open:
                element.blocks += 1
        self.shown, self.source = [], []

    def block(self, source: str) -> Block:
        sorts = [element.sort for element in self.open]
        named = [n for n, sort in enumerate(sorts) if sort in BOXES] or [
            n for n, sort in enumerate(sorts) if sort
        ]
        label = named[-1] if named else -1
        path = [
            element.written + "+" * (element.tag in MARKED_ONCE and element.blocks > 0)
            for element in self.open
        ]
        return Block(
            label=sorts[label] if named else "text",
            mark="".join(
                mark(element, is_label=n == label)
                for n, element in enumerate(self.open)
            ),
            words="".join(self.shown),
            key="\n".join([*path, source]),
            joint=sum(element.blocks > 0 for element in self.open),
        )


def box(classes: str, contact: str) -> str:
    """Name the box that an ``<aside>`` is."""
    kind = care_kind(f'class="{classes}"')
    if kind:
        return "care" if kind == "non-urgent" else kind
    if "callout--ask" in classes.split():
        return "ask"
    return "contact" if contact else "callout"


def mark(element: Element, *, is_label: bool) -> str:
    """Return the signs that an open element puts before the next block in it."""
    if element.tag in MARKED_ONCE and element.blocks:
        return INDENT
    # The label says what it is, but not which number it has.
    return "" if is_label and element.tag != "li" else element.mark

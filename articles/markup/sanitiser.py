"""The way into the database: allowed tags only, tidied of Word and Joomla."""

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

import nh3

from articles.markup.structure import ASIDE, CARE, CONTACT, care_kind, children, tree

TAGS = {
    "a", "aside", "blockquote", "br", "em", "h2", "h3", "li", "ol", "p", "span",
    "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
# Understood on the way in, then written as one of the tags above.
OLD_TAGS = {"b", "caption", "center", "div", "h1", "h4", "h5", "h6", "i", "section"}
# Their content is no text for readers: code, settings of Word, fallbacks.
DROPPED_WITH_CONTENT = {
    "iframe", "joomla-hidden-mail", "math", "noembed", "noframes", "noscript",
    "object", "script", "select", "style", "svg", "template", "textarea", "title",
    "xml", "xmp",
}  # fmt: skip
ATTRIBUTES = {
    "*": set[str](),  # otherwise nh3 lets pass "lang" and "title"
    "a": {"href"},
    "aside": {"data-contact"},
    "ol": {"start"},
    "span": {"data-contact"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
CLASSES = {"callout", "callout--ask", "care", "care--emergency", "care--urgent"}
SCHEMES = {"http", "https", "mailto", "tel"}


def safe_attribute(tag: str, attribute: str, value: str) -> str | None:
    """Return the value to keep, or None to drop the attribute."""
    if attribute == "href":
        # Browsers skip these characters: "/\t/evil.example" leads to another host.
        address = re.sub(r"[\x00-\x1f\x7f]", "", value).strip()
        address = re.sub(r" +", "%20", address)
        own_page = re.match(r"/(?![/\\])|#", address)
        scheme = re.match(r"([a-z]+):", address, re.IGNORECASE)
        known_scheme = scheme and scheme[1].lower() in SCHEMES
        return address if (own_page or known_scheme) and is_address(address) else None
    if attribute == "data-contact":
        return value if re.fullmatch(CONTACT, value) else None
    if attribute == "start":
        return value if re.fullmatch(r"[2-9]|[1-9]\d", value) else None
    if attribute in {"colspan", "rowspan"}:
        return value if re.fullmatch(r"[1-9]|1\d|20", value) else None
    return value


def is_address(text: str) -> bool:
    """Say whether programs can take it apart: ``https://a:b]@c/`` is no address."""
    try:
        urlsplit(text)
    except ValueError:
        return False
    return True


# nh3 takes quadratic time to write "&" and the characters whose first byte is also that
# of a hard space, such as "·" and "«". Noncharacters, reserved for a program's own use,
# stand in for them in text, not in addresses.
TEXT = re.compile(r"(?:\A|>)[^<]+")
AMPERSAND = re.compile(r"&(?:amp;|(?![a-z#]))", re.IGNORECASE)
STAND_INS = {0xA0 + n: chr(0xFDD0 + n) for n in range(1, 32)}
STOOD_FOR = {0xFDD0: "&amp;"} | {0xFDD0 + n: chr(0xA0 + n) for n in range(1, 32)}


def with_stand_ins(text: re.Match[str]) -> str:
    return AMPERSAND.sub("\ufdd0", text[0]).translate(STAND_INS)


def cleaner(extra_tags: set[str]) -> Callable[[str], str]:
    allowed = nh3.Cleaner(
        tags=TAGS | extra_tags,
        clean_content_tags=DROPPED_WITH_CONTENT,
        attributes=ATTRIBUTES,
        attribute_filter=safe_attribute,
        allowed_classes={"aside": CLASSES},
        url_schemes=SCHEMES,
        link_rel="noopener",
    )
    return lambda html: allowed.clean(TEXT.sub(with_stand_ins, html)).translate(
        STOOD_FOR
    )


tolerant, strict = cleaner(OLD_TAGS), cleaner(set())

# nh3 writes every tag in one form only, lower case and with known attributes, so
# that the patterns below can rely on it.
RENAMED = {
    "b": "strong", "center": "p", "div": "p", "h1": "h2", "h4": "h3", "h5": "h3",
    "h6": "h3", "i": "em", "section": "p",
}  # fmt: skip
INSIDE_P = r"((?:(?!</?p>).)*?)"
GAP = r"(?:&nbsp;| )"
BULLET_ITEM = rf"<p>(?:[·•▪‣◦]|[-–o§](?=&nbsp;&nbsp;)){GAP}{{0,2}}{INSIDE_P}</p>"
NUMBER_ITEM = rf"<p>\d{{1,2}}[.)]&nbsp;&nbsp;{INSIDE_P}</p>"
# The sentence that Joomla put in place of e-mail addresses, and its off-switch.
CLOAK = re.compile(
    r"\{emailcloak=off\}|"
    r"This e-?mail address is being protected from spambots\. "
    r"You need JavaScript enabled to view it\.?|"
    r"Questo indirizzo e-?mail è protetto dagli spambots?\. "
    r"(?:È|E') necessario abilitare JavaScript per vederlo\.?",
    re.IGNORECASE,
)
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
INLINE = {"-text", "a", "br", "em", "span", "strong", "sub", "sup"}
EMPTY = re.compile(
    rf"<(p|h2|h3|li|em|strong|aside|blockquote|ul|ol)>(?:{GAP}|<br>)*</\1>"
)
# Every tag but those that the next of their kind, or nothing, ends by itself.
NESTING_TAG = re.compile(
    r"<(/?)(?!(?:area|base|br|col|dd|dt|embed|h[1-6r]|img|input|li|link|meta|option|p|"
    r"param|t[dhr]|tbody|tfoot|thead|wbr)[\s/>])([a-z][^\s/<>]*)[^<>]*>",
    re.IGNORECASE,
)
DEEPEST = 30


@lru_cache(16)  # a form that is saved asks four times for the same text
def sanitise(html: str) -> str:
    """Return the HTML with allowed tags only, tidied of what Word and Joomla leave.

    The result is a fixed point: sanitising it again changes nothing.
    """
    html = shallow(re.sub(CONTROL, "", html))
    for _round in range(8):
        before = html
        html = strict(tidy(tolerant(html))).strip()
        if html == before:
            break
    return html


def shallow(html: str) -> str:
    """Drop tags that stand deeper within their own kind than anybody writes.

    The time that HTML parsers take grows with the square of the depth.
    """
    open_tags: Counter[str] = Counter()

    def keep(tag: re.Match[str]) -> str:
        name = tag[2].lower()
        too_deep = open_tags[name] + (not tag[1]) > DEEPEST
        open_tags[name] = max(0, open_tags[name] + (-1 if tag[1] else 1))
        return "" if too_deep else tag[0]

    return NESTING_TAG.sub(keep, html)


def tidy(html: str) -> str:
    """Turn habits of Word and of old sites into plain structure."""
    html = re.sub(r"(?:&nbsp;|\s)+", gap, html)
    html = CLOAK.sub("", html)
    html = re.sub(r'<a rel="noopener">(.*?)</a>', r"\1", html)
    html = references_emptied(html)
    html = re.sub(
        r"<(/?)(\w+)>", lambda tag: f"<{tag[1]}{RENAMED.get(tag[2], tag[2])}>", html
    )
    html = re.sub(
        r"<table> ?<caption>(.*?)</caption>",
        r"<p><strong>\1</strong></p><table>",
        html,
    )
    html = re.sub(r"</?caption>", "", html)
    html = re.sub(rf"(<(?:p|li|h2|h3|t[dh])(?: [^>]*)?>){GAP}+", r"\1", html)
    html = listed(BULLET_ITEM, "ul", html)
    html = listed(NUMBER_ITEM, "ol", html)
    html = re.sub(r"<(h[23])>.*?</\1>", lambda h: h[0].replace("<br>", " "), html)
    html = re.sub(rf"(?:{GAP}{{0,2}}<br>){{2,}}", "</p><p>", html)
    html = paragraphs(html)
    # Cells and list items hold their text directly, not in a lone paragraph.
    html = re.sub(
        rf"<(t[dh](?: [^>]*)?|li)> ?<p>{INSIDE_P}</p> ?(?=</(?:t[dh]|li)>|<[uo]l>)",
        r"<\1>\2",
        html,
    )
    # What held only something empty is empty now.
    emptied = 1
    while emptied:
        html, emptied = EMPTY.subn("", html)
    html = ASIDE.sub(boxed, html)
    html = html.replace("&nbsp;&nbsp;", " ")
    return re.sub(rf"(?:<br>|{GAP})(?=</(?:p|li|h2|h3|t[dh])>)", "", html)


LINK = re.compile(r"(<a [^>]*>)((?:(?!</?a[ >]).)*)</a>")


def references_emptied(html: str) -> str:
    """Take away spans that refer to nothing, and what stands inside those that do."""
    html = re.sub(r"(<span [^>]*>)[^<]*", r"\1", html)
    html = re.sub(r"<span>|</span>", "", html)
    html = re.sub(r"<span [^>]*>", r"\g<0></span>", html)
    return LINK.sub(unlinked, html)


def unlinked(link: re.Match[str]) -> str:
    """Split a link round the references in it: they become links themselves."""
    opening, words = link.groups()
    if "<span " not in words:
        return link[0]
    parts = re.split(r"(<span [^>]*></span>)", words)
    # Every second part is a reference.
    parts[::2] = [f"{opening}{p}</a>" if p.strip() else p for p in parts[::2]]
    return "".join(parts)


def boxed(aside: re.Match[str]) -> str:
    """Write the opening tag of a care card, a contact card or a call-out in one way."""
    attributes, closing = aside[1] or "", aside[2] or ""
    kind = care_kind(attributes)
    found = re.search(rf' data-contact="({CONTACT})"', attributes)
    contact = found[0] if found else ""
    if kind:
        # An emergency has one number of its own; the others need one to ring.
        can_have = kind != "emergency" and "phone" in contact
        return f'<aside class="{CARE[kind]}"{contact if can_have else ""}>{closing}'
    if contact and closing and "callout" not in attributes:
        return f"<aside{contact}></aside>"
    return aside[0].replace(contact, "")


def gap(run: re.Match[str]) -> str:
    """Shorten a run of spaces: two hard ones mark Word's gap behind a bullet."""
    if run[0] == "&nbsp;":
        return run[0]
    return "&nbsp;&nbsp;" if "&nbsp;" in run[0] else " "


def listed(item: str, tag: str, html: str) -> str:
    """Make a list of neighbouring paragraphs that only look like one."""
    run = re.compile(rf"(?:{item} ?)+")
    one = re.compile(item)

    def to_list(match: re.Match[str]) -> str:
        items = "".join(f"<li>{found[1]}</li>" for found in one.finditer(match[0]))
        number = re.match(r"<p>(\d+)", match[0])
        start = f' start="{int(number[1])}"' if number and tag == "ol" else ""
        return f"<{tag}{start}>{items}</{tag}>"

    return run.sub(to_list, html)


def paragraphs(html: str) -> str:
    """Put text that stands outside of any block into paragraphs."""
    parts: list[str] = []
    loose = ""
    for node in children(tree(html)):
        if node.tag in INLINE:
            loose += node.html or ""
            continue
        parts += [f"<p>{loose}</p>" if loose.strip() else "", node.html or ""]
        loose = ""
    parts.append(f"<p>{loose}</p>" if loose.strip() else "")
    return "".join(parts)

"""How programs collect e-mail addresses: one function a technique, text to addresses.

Written after what harvesters do, open and commercial ones. None of them runs a style
sheet or a script: whoever does that sees what people see, and so finds what they find.
"""

import base64
import binascii
import codecs
import html
import json
import quopri
import re
from functools import lru_cache
from itertools import permutations
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

BEFORE = re.compile(r"[a-z0-9._%+'-]+$", re.IGNORECASE)
DOMAIN = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,24}", re.IGNORECASE)


def plain(text):
    """What stands there as it is, round every @."""
    found = set()
    at = text.find("@")
    while at >= 0:
        local = BEFORE.search(text, max(0, at - 64), at)
        domain = DOMAIN.match(text, at + 1)
        if local and domain:
            found.add(f"{local[0]}@{domain[0]}".strip(".-'%").lower())
        at = text.find("@", at + 1)
    return found


# Readings: text to text ######################################################

# As signs.


def entities(text):
    """``&#64;``, ``&#x40;``, ``&commat;``; twice, for ``&amp;#64;``."""
    return html.unescape(html.unescape(text))


def percent(text):
    """``%40``; twice, for ``%2540``."""
    return unquote(unquote(text)) if "%" in text else text


ESCAPE = re.compile(
    r"\\u\{([0-9a-f]{1,6})\}|\\u00([0-9a-f]{2})|\\x([0-9a-f]{2})"
    r"|\\0{0,4}([0-9a-f]{2}) ?",
    re.IGNORECASE,
)


def escapes(text):
    r"""``\u0040`` of JSON, ``\x40`` of JavaScript, ``\0040`` of style sheets."""

    def sign(match):
        code = int(next(group for group in match.groups() if group), 16)
        return chr(code) if 0x20 <= code < 0x7F else match[0]

    return ESCAPE.sub(sign, text) if "\\" in text else text


def octal(text):
    r"""``\100`` of JavaScript."""
    return re.sub(r"\\(1[0-7]{2}|[4-7]\d)", lambda m: chr(int(m[1], 8)), text)


def quoted_printable(text):
    """``=40``, and lines broken by ``=``."""
    if "=" not in text:
        return text
    return quopri.decodestring(text.encode()).decode(errors="replace")


def utf_7(text):
    """``+AEA-``"""
    return text.replace("+AEA-", "@").replace("+AEA", "@").replace("+AC4-", ".")


LOOKALIKES = str.maketrans(
    dict.fromkeys("\uff20\ufe6b\u24d0", "@")  # fullwidth, small, circled a
    | dict.fromkeys("\u3002\uff0e\uff61\u2024\u00b7\u2022\u2219\u22c5", ".")
    | {chr(0xFF01 + n): chr(0x21 + n) for n in range(94) if 0xFF01 + n != 0xFF20}
    | dict(zip("аеорсухіј", "aeopcyxij", strict=True))
)  # fmt: skip


def lookalikes(text):
    """Fullwidth signs, middle dots, Cyrillic letters."""
    return text.translate(LOOKALIKES)


UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)


def zero_width(text):
    """Joiners, soft hyphens, marks of direction, removed."""
    return UNSEEN.sub("", re.sub(r"<wbr\s*/?>", "", text))


def reversed_text(text):
    """``gro.elpmaxe@oiduts``, turned round by ``direction: rtl``."""
    return text[::-1]


# As words.

# Also in Italian, German, French, Spanish, Portuguese, Dutch.
MARKER = (
    r"(?:(?:no|anti|kein|non|pas-?de|sin|sem|geen|stop)[-_]?(?:spam|mail|pub|me)"
    r"|(?:remove|delete|toglimi|togli|rimuovi|cancella|entfernen|enlever|quitar|retirar"
    r"|verwijder)[-_]?(?:this|me|questo|das|ceci|esto|isto|dit)?|spamfrei)"
)
MARKERS = re.compile(
    rf"(?<=@){MARKER}[-_.]+|[-_.]?[\[({{]{MARKER}[\])}}]|[-_.]*{MARKER}(?=[@.<\s]|$)",
    re.IGNORECASE,
)


def markers(text):
    """``studioNOSPAM@``, ``@REMOVETHIS.example.org``"""
    return MARKERS.sub("", text)


# English, Italian, German, French, Spanish, Portuguese, Dutch.
AT = (
    r"at(?:[ -]?sign)?|chiocciola|chiocciolina|presso|ät|bei|klammeraffe|affenschwanz"
    r"|arobase|arobas|arrobase|à|chez|arroba|en|em|apenstaartje|apestaartje|aapje|bij|a"
)
DOT = r"dot|period|punto|punkt|point|ponto|punt|stip"
# Bare words divide sentences too: those that are too common count in brackets only.
BARE_AT = (
    r"at|chiocciola|chiocciolina|presso|ät|klammeraffe|affenschwanz|arobase|arobas"
    r"|arrobase|chez|arroba|apenstaartje|apestaartje|bij"
)


def words(text):
    """``studio (at) example (dot) org``, ``studio chiocciola example punto org``."""
    for names, bare, sign in ((AT, BARE_AT, "@"), (DOT, DOT, ".")):
        wrapped = (
            rf"\s*[\[({{<|*_-]+\s*(?:{names}|{re.escape(sign)})\s*[\])}}>|*_-]+\s*"
        )
        text = re.sub(wrapped, sign, text, flags=re.IGNORECASE)
        text = re.sub(rf"\s+(?:{bare})\s+", sign, text, flags=re.IGNORECASE)
    return text


def spaced(text):
    """``studio @ example . org``, also with line breaks."""
    if "@" not in text:
        return text
    text = re.sub(r"\s*@\s*", "@", text)
    before = re.sub(r"([\w-])\s*\.\s*(?=[\w.-]*@)|\s+(?=\.[\w.-]+@)", r"\1.", text)
    return re.sub(
        r"@[\w-]+(?:\s*\.\s*[\w-]+)+", lambda m: re.sub(r"\s", "", m[0]), before
    )


def letter_by_letter(text):
    """``s t u d i o @ e x a m p l e . o r g``"""
    return re.sub(r"(?<=\S) (?=\S(?: |$))", "", text)


# As HTML.


def comments_removed(text):
    """``studio<!-- no -->@example.org``; of CSS and JavaScript too."""
    return re.sub(
        r"/\*.*?\*/", "", re.sub(r"<!--.*?-->", "", text, flags=re.S), flags=re.S
    )


def comments_opened(text):
    """What only a comment tells."""
    return text.replace("<!--", " ").replace("-->", " ")


HIDDEN = (
    '[hidden], [aria-hidden="true"], [style*="display:none" i],'
    '[style*="display: none" i], [style*="visibility:hidden" i],'
    '[style*="visibility: hidden" i], [style*="opacity:0" i],'
    '[style*="font-size:0" i], [style*="left:-" i], template, noscript,'
    "script, style"
)
TELLING = ",".join(
    f'[class*="{name}" i], [id*="{name}" i]'
    for name in (
        "hidden", "hide", "decoy", "spam", "trap", "honeypot", "invisible", "d-none",
        "sr-only", "visually", "screen-reader", "noshow", "fake", "dummy", "obfus",
        "remove", "none", "unseen", "offscreen", "bot", "protect", "cloak", "junk",
    )
)  # fmt: skip


def without(text, selector):
    """The document without the elements, what is in them included."""
    if "<" not in text:
        return text
    document = LexborHTMLParser(text)
    for node in document.css(selector):
        node.decompose()
    return document.html or ""


def hidden_removed(text):
    """Elements that say by attributes that nobody sees them."""
    return without(text, HIDDEN)


def telling_classes_removed(text):
    """Elements whose class or id says what they are."""
    return without(text, TELLING)


def styled_away_removed(text):
    """Elements that a ``<style>`` of the same document hides."""
    rule = r"([^{}]+)\{[^}]*(?:display:\s*none|visibility:\s*hidden)[^}]*\}"
    sheets = " ".join(re.findall(r"<style[^>]*>(.*?)</style>", text, re.S | re.I))
    for selector in re.findall(rule, sheets):
        try:
            text = without(text, selector.strip())
        except SelectolaxError:
            continue  # a rule for browsers only
    return text


def tags_removed(text):
    return re.sub(r"<[^>]*>", "", text)


def tags_spaced(text):
    return re.sub(r"<[^>]*>", " ", text)


# Readings of the neighbourhood of an @: what a parser is told to skip.

AT_SIGN = re.compile("@|\uff20|&#0*64;|&#x0*40;|&commat;|%40", re.IGNORECASE)


def neighbourhoods(text):
    """The elements round every @, and the two round each of them."""
    if "<" not in text or not AT_SIGN.search(text):
        return []
    found = {}
    for node in LexborHTMLParser(text).css("body *"):
        if node.tag not in {"script", "style"} and AT_SIGN.search(
            node.text(deep=False)
        ):
            for _ in range(3):
                if node is None or node.tag in {"body", "html", "main"}:
                    break
                found[node.html] = None
                node = node.parent
    return list(found)


def own_text(text):
    """Text outside of child elements, as ``a::text`` and ``a/text()`` yield it."""
    lines = []
    for fragment in neighbourhoods(text):
        for node in LexborHTMLParser(fragment).css("body, body *"):
            pieces = [
                child.text_content or ""
                for child in node.iter(include_text=True)
                if child.tag == "-text"
            ]
            lines += ["".join(pieces), " ".join(pieces)]
    return "\n".join(lines)


def each_kind_removed(text):
    """The same text without this tag, without that class, one after the other."""
    lines = []
    for fragment in neighbourhoods(text):
        nodes = LexborHTMLParser(fragment).css("body > * *")
        kinds = {node.tag for node in nodes} | {"[class]", "[style]", "[id]"}
        kinds |= {
            f'[class~="{c}"]'
            for n in nodes
            for c in (n.attrs.get("class") or "").split()
        }
        kinds |= {":empty", ":not([class])", ":not(:has(*))"}
        for kind in sorted(kinds):
            document = LexborHTMLParser(fragment)
            for node in document.css(f"body > * {kind}"):
                node.decompose()
            lines.append(document.body.text() if document.body else "")
    return "\n".join(lines)


# As JavaScript.

LITERAL = r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`"
CODES = re.compile(
    r"(?:\b(?:0x[0-9a-f]{2}|\d{2,3})\s*[,; ]\s*){4,}(?:0x[0-9a-f]{2}|\d{2,3})\b", re.I
)


def concatenated(text):
    """``'studio' + '@' + domain``: variables, ``join``, ``reverse``, ``atob``."""
    text = html.unescape(text)
    text = re.sub(
        rf"\b(?:atob|decode64)\(\s*({LITERAL})\s*\)",
        lambda m: repr(" ".join(unpacked(m[1][1:-1]))),
        text,
    )
    text = re.sub(
        rf"\[((?:\s*(?:{LITERAL})\s*,?)+)\]((?:\.reverse\(\))?)\.join\(\s*({LITERAL})?\s*\)",
        lambda m: repr(
            (m[3] or "','")[1:-1].join(
                [p[1:-1] for p in re.findall(LITERAL, m[1])][:: -1 if m[2] else 1]
            )
        ),
        text,
    )
    text = re.sub(
        rf"({LITERAL})\.split\(['\"]{{2}}\)\.reverse\(\)\.join\(['\"]{{2}}\)",
        lambda m: repr(m[1][1:-1][::-1]),
        text,
    )
    text = re.sub(rf"({LITERAL})\.concat\(", r"(\1,", text)
    operand = rf"(?:{LITERAL}|[A-Za-z_$][\w$.]*)"
    known, lines = {}, []

    def value(expression):
        pieces = re.findall(operand, expression)
        return "".join(p[1:-1] if p[0] in "'\"`" else known.get(p, "") for p in pieces)

    chain = rf"{operand}(?:\s*\+\s*{operand})*"
    for match in re.finditer(rf"(?:([A-Za-z_$][\w$.]*)\s*(\+?=|:)\s*)?({chain})", text):
        name, sign, expression = match.groups()
        result = value(expression)
        if name:
            known[name] = known.get(name, "") + result if sign == "+=" else result
        lines.append(result)
        for template in re.findall(r"`[^`]*`", expression):
            lines.append(
                re.sub(r"\$\{([\w$.]+)\}", lambda m: known.get(m[1], ""), template)
            )
    for arguments in re.findall(rf"\(({chain}(?:\s*,\s*{chain})+)\)", text):
        lines.append(value(arguments))
    return "\n".join(lines + list(known.values()))


def character_codes(text):
    """``String.fromCharCode(115, 116, 117)``, ``[0x73, 0x74]``"""
    return "\n".join(
        "".join(
            chr(int(n, 0)) for n in re.findall(r"0x[0-9a-f]+|[1-9]\d*", codes.lower())
        )
        for codes in CODES.findall(text)
    )


# Finders: text to addresses ##################################################


# Pages repeat most of their attributes: what was read once is remembered.
remember = lru_cache(20_000)


@remember
def shallow(text):
    """What is found in something unpacked: decoded and turned round, not deeper."""
    decoded = escapes(percent(entities(text)))
    flat = tags_removed(decoded)
    readings = (text, decoded, flat, flat[::-1], words(flat), percent(flat[::-1]))
    return frozenset().union(*map(plain, readings))


@remember
def unpacked(token):
    """What a base64 token says, if it says anything."""
    raw = token.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        data = base64.b64decode(raw + "=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return ()
    texts = [data.decode("latin-1"), data.decode("utf-16-le", errors="ignore")]
    return tuple(text for text in texts if text)


TOKEN = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


@remember
def in_token(token):
    found = set()
    for once in (*unpacked(token), *unpacked(token[::-1])):
        found |= shallow(once)
        for inner in TOKEN.findall(once):
            for twice in unpacked(inner):
                found |= shallow(twice)
    return frozenset(found)


def base64_tokens(text):
    """Every token of twelve signs or more; twice, and turned round."""
    return set().union(*map(in_token, set(TOKEN.findall(text))))


HEX = re.compile(r"(?:0x)?((?:[0-9a-f]{2}){6,})", re.IGNORECASE)
XOR = [bytes(byte ^ key for byte in range(256)) for key in range(256)]


def cloudflare(text):
    """``data-cfemail``, ``/cdn-cgi/l/email-protection#``: the first byte is the key."""
    found = set()
    for code in re.findall(
        r"(?:data-cfemail=[\"']?|email-protection#)([0-9a-f]{6,})", text, re.I
    ):
        data = bytes.fromhex(code[: len(code) // 2 * 2])
        found |= shallow(data[1:].translate(XOR[data[0]]).decode("latin-1"))
    return found


def xor(text):
    """Hexadecimal and base64 strings, with every byte as key."""
    packed = {bytes.fromhex(code) for code in HEX.findall(text)}
    packed |= {
        once.encode("latin-1")
        for token in set(TOKEN.findall(text))
        for once in unpacked(token)[:1]
    }
    found = set()
    for data in packed:
        for table in XOR:
            opened = data.translate(table)
            if b"@" in opened:
                found |= plain(opened.decode("latin-1"))
            elif b"%40" in opened or b"&#" in opened:
                found |= shallow(opened.decode("latin-1"))
    return found


def ring(steps, *ranges):
    """A table that turns every range of signs by so many steps."""
    table = bytearray(range(256))
    for first, last in ranges:
        size = last - first + 1
        for sign in range(first, last + 1):
            table[sign] = first + (sign - first + steps) % size
    return bytes(table)


CAPITALS, SMALL, DIGITS = (0x41, 0x5A), (0x61, 0x7A), (0x30, 0x39)
RINGS = [
    *(ring(steps, CAPITALS, SMALL) for steps in range(1, 26)),  # ROT1 to ROT25
    ring(13, CAPITALS, SMALL).translate(ring(5, DIGITS)),  # ROT18
    ring(47, (0x21, 0x7E)),  # ROT47
    # TYPO3's linkTo_UnCryptMailto
    *(ring(n, (0x2B, 0x3A), (0x40, 0x5A), (0x61, 0x7A)) for n in range(-26, 27)),
    # CryptX and others: every sign by so many
    *(ring(steps, (0x00, 0xFF)) for steps in (*range(-9, 0), *range(1, 10))),
]
WORD = re.compile(rb"[!-~]{8,200}")
QUOTED = re.compile(rb"[\"'>]([!-~]{8,200}?)[\"'<]")


def rotated(text):
    """Caesar's ways: ROT1 to 25, 18 and 47, TYPO3's rings, all signs shifted."""
    data = text.encode("latin-1", errors="replace")
    pieces = set(WORD.findall(data)) | set(
        re.findall(rb"[\"'>]([!-~]{8,200}?)[\"'<]", data)
    )
    found = set()
    joined = b"\n".join(sorted(pieces))
    for table in RINGS:
        opened = b"\n".join(line.translate(table) for line in joined.split(b"\n"))
        if b"@" in opened:
            found |= plain(opened.decode("latin-1"))
    return found


def attribute_values(text):
    """Tag and attributes of every element that has some."""
    if "<" not in text:
        return []
    return [
        {name: value or "" for name, value in node.attributes.items()}
        for node in LexborHTMLParser(text).css("*")
        if node.attributes
    ]


MAILTO = re.compile(r"mailto\s*:\s*([^\"'<>\s]*)", re.IGNORECASE)


@remember
def targets(value):
    readings = [value, percent(value), escapes(value), percent(entities(value))]
    readings += [value[::-1], *unpacked(value), codecs.decode(value, "rot13")]
    readings += [t for token in TOKEN.findall(value) for t in unpacked(token)]
    found = set()
    for reading in readings:
        for target in MAILTO.findall(entities(reading)):
            found |= plain(percent(target).replace(",", " ").replace("=", " "))
    return frozenset(found)


def mailto(text):
    """``mailto:`` in any attribute and encoding, with ``to``, ``cc`` and ``bcc``."""
    values = {v for attributes in attribute_values(text) for v in attributes.values()}
    return set().union(*map(targets, values))


def meta(text):
    """``<meta>`` and other attributes: ``content``, ``title``, ``alt``, ``value``."""
    return {
        address
        for attributes in attribute_values(text)
        for value in attributes.values()
        for address in shallow(value)
    }


LOCAL = re.compile(r"[a-z0-9._%+-]{1,64}", re.IGNORECASE)


def joined(values):
    """Every ``local@domain`` and ``local@name.ending`` that the values can make."""
    values = [v.strip(" @.") for v in values][:12]
    values += [v[::-1] for v in values]
    values += [t for v in values for t in unpacked(v) if LOCAL.fullmatch(t)]
    locals_ = [v for v in values if LOCAL.fullmatch(v)]
    domains = [v for v in values if DOMAIN.fullmatch(v)]
    domains += [
        f"{a}.{b}"
        for a, b in permutations(locals_, 2)
        if re.fullmatch(r"[a-z]{2,6}", b) and "." not in b
    ]
    return {f"{a}@{b}".lower() for a in locals_ for b in domains}


def data_attributes(text):
    """``data-user`` and ``data-domain`` of one element, put together."""
    found = set()
    for attributes in attribute_values(text):
        values = [v for name, v in attributes.items() if name.startswith("data-")]
        if len(values) > 1:
            found |= joined(values)
    return found


def joomla(text):
    """``<joomla-hidden-mail first last text>``: base64, in two halves."""
    found = set()
    for attributes in attribute_values(text):
        halves = [unpacked(attributes.get(name, "")) for name in ("first", "last")]
        if all(halves):
            found |= shallow(f"{halves[0][0]}@{halves[1][0]}")
        for whole in unpacked(attributes.get("text", "")):
            found |= shallow(whole)
    return found


EMAIL_KEY = re.compile(r"e-?mail|mailbox|^to$|contact", re.IGNORECASE)
PARTS_KEY = re.compile(r"user|local|name|host|domain|tld|first|last|mailbox", re.I)


def documents(text):
    """Every JSON document in the text: the whole of it, or in a script."""
    sources = [text]
    if "<script" in text.lower():
        sources += re.findall(r"<script[^>]*>(.*?)</script>", text, re.S | re.I)
    sources += [
        html.unescape(a[1] or a[2])
        for a in re.finditer(r"=\s*(?:'([{\[][^']*)'|\"([{\[][^\"]*)\")", text)
    ]
    for source in sources:
        try:
            yield json.loads(
                re.sub(r"^\s*(?://)?<!\[CDATA\[|(?://)?\]\]>\s*$", "", source)
            )
        except ValueError:
            continue


def json_values(text):
    """JSON-LD, FHIR and other JSON: ``email``, ``contactEmail``, telecom, any value."""

    def walk(node):
        if isinstance(node, dict):
            texts = {k: v for k, v in node.items() if isinstance(v, str)}
            parts = [v for k, v in texts.items() if PARTS_KEY.search(k)]
            if len(parts) > 1:
                yield from joined(parts)
            for key, value in texts.items():
                if EMAIL_KEY.search(key) or node.get("system") == "email":
                    yield from shallow(spaced(value.removeprefix("mailto:")))
            for value in node.values():
                yield from walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from walk(value)
        elif isinstance(node, str):
            yield from shallow(node)

    return {address for document in documents(text) for address in walk(document)}


def vcard(text):
    """``EMAIL`` of vCard and MECARD, lines unfolded, values decoded."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    found = set()
    for value in re.findall(
        r"(?:^|[;:\n])(?:[\w-]+\.)?EMAIL[^:\n]*:([^\r\n;]+)", unfolded, re.I
    ):
        for reading in (value, quoted_printable(value), *unpacked(value.strip())):
            found |= shallow(reading.removeprefix("mailto:").replace("\\", ""))
    return found


# All together ################################################################

DECODE = [entities, percent, escapes, octal, quoted_printable, utf_7]
CLEAN = [
    comments_removed, comments_opened, hidden_removed, telling_classes_removed,
    styled_away_removed, zero_width,
]  # fmt: skip
FLATTEN = [tags_removed, tags_spaced, own_text, each_kind_removed]
SPELL = [
    lookalikes, markers, words, spaced, letter_by_letter, reversed_text, concatenated,
    character_codes,
]  # fmt: skip
FINDERS = [
    plain, base64_tokens, cloudflare, xor, rotated, mailto, meta, data_attributes,
    joomla, json_values, vcard,
]  # fmt: skip


def read_by(reading):
    def technique(text):
        return plain(reading(text))

    return technique


# By name, each by itself.
TECHNIQUES = {
    reading.__name__: read_by(reading) for reading in DECODE + CLEAN + FLATTEN + SPELL
} | {finder.__name__: finder for finder in FINDERS}


def chained(text, readings):
    for reading in readings:
        text = reading(text)
    return text


def readings(text):
    """The text as harvesters may see it: decoded, then cleaned, flattened, respelled.

    Each stage goes on with what every step of it makes alone, and all of them together.
    """
    decoded = {text, chained(text, DECODE), chained(text, [percent, entities, escapes])}
    decoded |= {step(text) for step in DECODE}
    usual = [comments_removed, hidden_removed, zero_width, styled_away_removed]
    cleaned = set(decoded)
    for seen in decoded:
        cleaned |= {step(seen) for step in CLEAN} | {chained(seen, usual)}
        cleaned.add(chained(seen, [*usual, telling_classes_removed]))
    flat = {step(seen) for seen in cleaned for step in FLATTEN}
    # Structure and layout differ between flat texts more than words do.
    flat = {re.sub(r"\s+", " ", seen) for seen in flat} | {text}
    spelled = set(flat)
    for seen in flat:
        spelled |= {step(seen) for step in SPELL if step is not concatenated}
        normal = chained(seen, [lookalikes, zero_width])
        spelled |= {chained(normal, [words, markers, spaced])}
        spelled |= {chained(normal, [reversed_text, words, spaced])}
        spelled |= {percent(normal), chained(normal, [words, spaced])}
    return decoded, cleaned, spelled


def harvest(text):
    """Everything that any technique finds, alone and after the others."""
    decoded, cleaned, spelled = readings(text)
    found = set()
    for seen in decoded:
        for finder in FINDERS:
            found |= finder(seen)
        found |= shallow(concatenated(seen)) | shallow(character_codes(seen))
    bare = chained(text, [entities, comments_removed, zero_width, tags_removed])
    for finder in (base64_tokens, xor, rotated):
        found |= finder(bare)
    return found.union(*map(plain, cleaned | spelled))

"""Each harvester finds what is hidden its way: else its silence proves nothing."""

import base64
import codecs

import pytest

from tests.browser import harvesters

ADDRESS = "studio@example.org"


def packed(text):
    return base64.b64encode(text.encode()).decode()


def keyed(key, text=ADDRESS):
    return bytes(sign ^ key for sign in text.encode()).hex()


def ringed(text, steps):
    """As TYPO3 writes it."""
    ring = harvesters.ring(steps, (0x2B, 0x3A), (0x40, 0x5A), (0x61, 0x7A))
    return text.encode().translate(ring).decode()


def shifted(text, steps):
    return "".join(chr(ord(sign) + steps) for sign in text)


CODES = ", ".join(str(ord(sign)) for sign in ADDRESS)
HALVES = ("studio", "example.org")
HIDDEN = {
    "plain": [
        f"<p>Write to {ADDRESS}.</p>",
        f"Link: <mailto:{ADDRESS}>",
        f"{{content: '{ADDRESS}'}}",
    ],
    "entities": [
        "studio&#64;example&#46;org",
        "".join(f"&#x{ord(sign):x};" for sign in ADDRESS),
        "studio&commat;example&period;org",
        "studio&amp;#64;example.org",
    ],
    "percent": ["studio%40example.org", "?to=studio%2540example%252Eorg"],
    "escapes": [
        r"'studio\u0040example.org'",
        r"'studio\u{40}example.org'",
        r"'studio\x40example\x2eorg'",
        r"content: 'studio\0040 example.org'",
        r"content: 'studio\40 example.org'",
    ],
    "octal": [r"'studio\100example\56org'"],
    "quoted_printable": ["studio=40example=2Eorg", "studio@exam=\nple.org"],
    "utf_7": ["studio+AEA-example.org"],
    "lookalikes": [
        "studio＠example．org",
        "ｓｔｕｄｉｏ＠ｅｘａｍｐｌｅ．ｏｒｇ",
        "studio@example·org",
        "studiо@еxаmple.org",
    ],
    "zero_width": [
        "stu\u200bdio\u2060@exam\u00adple.\ufefforg",
        "studio<wbr>@<wbr/>example.org",
    ],
    "reversed_text": ["<bdo dir=rtl>gro.elpmaxe@oiduts</bdo>"],
    "markers": [
        "studioNOSPAM@example.org",
        "studio@NOSPAM.example.org",
        "studio-REMOVETHIS@example.org",
        "studio.nospam@example.org",
        "studio@example.remove-this.org",
        "studio[no-spam]@example.org",
        "studioTOGLIMI@example.org",
        "studio@keinspam.example.org",
        "studio@example.org.nospam",
    ],
    "words": [
        "studio at example dot org",
        "studio (at) example (dot) org",
        "studio[at]example[dot]org",
        "studio {AT} example {DOT} org",
        "studio -at- example -dot- org",
        "studio_at_example_dot_org",
        "studio (@) example (.) org",
        "studio(a)example.org",
        "studio chiocciola example punto org",
        "studio (chiocciola) example [punto] org",
        "studio ät example punkt org",
        "studio [Klammeraffe] example [Punkt] org",
        "studio arobase example point org",
        "studio (à) example (point) org",
        "studio arroba example punto org",
        "studio (arroba) example (ponto) org",
        "studio apenstaartje example punt org",
        "studio [bij] example [punt] org",
    ],
    "spaced": [
        "studio @ example.org",
        "studio @ example . org",
        "studio\n@\nexample\n.org",
    ],
    "letter_by_letter": ["s t u d i o @ e x a m p l e . o r g"],
    "comments_removed": [
        "studio<!-- no -->@<!--\nspam -->example.org",
        "'studio@/* no */example.org'",
    ],
    "comments_opened": [f"<!--{ADDRESS}-->"],
    "hidden_removed": [
        "studio<b hidden>.office</b>@example.org",
        'studio@<span style="display:none">no.</span>example.org',
        'studio@<span style="color:red; visibility: hidden">no.</span>example.org',
        'studio@<i aria-hidden="true">no.</i>example.org',
        "studio@<template>no.</template>example.org",
    ],
    "telling_classes_removed": [
        'studio<b class="decoy">.office</b>@example.org',
        'studio@<b class="is-hidden x">no.</b>example.org',
        'studio@<b class="visually-hidden">no.</b>example.org',
        'studio@<b id="antispam">no.</b>example.org',
    ],
    "styled_away_removed": [
        "<style>p{color:red} .x, .y {color:blue;display: none}</style>"
        'studio@<b class="y">no.</b>example.org',
    ],
    "tags_removed": ["<i>studio</i><b>@</b><span>example</span>.org"],
    "tags_spaced": [f"Studio<br>{ADDRESS}<br>Roma", f"a<p>{ADDRESS}<p>b"],
    "own_text": [
        "<a>studio<b>.office</b>&#64;example<b>.mail</b>.org</a>",
        "<a>studio<b>.office</b>@<b>front-desk.</b>example.org</a>",
    ],
    "each_kind_removed": [
        "<a>studio<b>.office</b>&#64;example<b>.mail</b>.org</a>",
        '<p><a><b>studio</b><b class="q">.no</b>@<b class="q">no.</b>'
        "<b>example.org</b></a></p>",
        "<p><a><i>studio</i><b>.no</b>@<b>no.</b><i>example.org</i></a></p>",
    ],
    "concatenated": [
        "x = 'studio' + '&#64;' + 'example' + \".org\";",
        "var u = 'studio', d = 'example.org'; write(u + '@' + d);",
        "var a = 'studio'; a += '@'; a = a + 'example.org';",
        "const u = 'studio', d = `example.org`; write(`${u}@${d}`)",
        "['studio', 'example.org'].join('@')",
        "['org', '.', 'example', '@', 'studio'].reverse().join('')",
        "'gro.elpmaxe@oiduts'.split('').reverse().join('')",
        f"atob('{packed(ADDRESS)}')",
        "'studio'.concat('@', 'example.org')",
        "write('studio', '@', 'example.org')",
        "var addy1 = '&#115;t&#117;d&#105;&#111;' + '&#64;';\n"
        "addy1 = addy1 + '&#101;x&#97;mpl&#101;' + '&#46;' + 'org';",
    ],
    "character_codes": [
        f"String.fromCharCode({CODES})",
        "[" + ",".join(hex(ord(sign)) for sign in ADDRESS) + "]",
    ],
    "base64_tokens": [
        f'data-x="{packed(ADDRESS)}"',
        f"atob('{packed('mailto:' + ADDRESS + '?subject=x')}')",
        packed(ADDRESS).rstrip("="),
        packed(packed(ADDRESS)),
        packed(ADDRESS[::-1]),
        packed(ADDRESS)[::-1],
        base64.urlsafe_b64encode(f"???>>{ADDRESS}".encode()).decode(),
        base64.b64encode(ADDRESS.encode("utf-16-le")).decode(),
    ],
    "cloudflare": [
        f'<a class="__cf_email__" data-cfemail="{0x5E:02x}{keyed(0x5E)}">',
        f'<a href="/cdn-cgi/l/email-protection#{0x07:02x}{keyed(0x07)}">',
    ],
    "xor": [
        f'data-x="{keyed(0)}"',
        f"'{keyed(0x2A).upper()}'",
        f"0x{keyed(0xFF)}",
        base64.b64encode(bytes.fromhex(keyed(99))).decode(),
    ],
    "rotated": [
        codecs.encode(ADDRESS, "rot13"),
        "rstchn@dwzlokd.nqf",  # ROT25
        "<a title='tuvejp@fybnqmf.psh'>",  # ROT1
        "DEF5:@o6I2>A=6]@C8",  # ROT47
        f"javascript:linkTo_UnCryptMailto('{ringed('mailto:' + ADDRESS, 2)}')",
        f"'{ringed('mailto:' + ADDRESS, -7)}'",
        f"DeCryptX('{shifted(ADDRESS, 1)}')",
        f"'{shifted(ADDRESS, -3)}'",
    ],
    "mailto": [
        f'<a href="mailto:{ADDRESS}">',
        '<a href="MAILTO:studio%40example.org?subject=x">',
        '<a href="&#109;ailto&colon;studio&#64;example.org">',
        '<a href="%6Dailto:studio%40example.org">',
        f'<a href="mailto:?bcc={ADDRESS}">',
        '<a href="mailto:a@example.com,studio%40example.org">',
        f'<area href="mailto:{ADDRESS}">',
        f'<form action="mailto:{ADDRESS}">',
        f'<a data-href="{packed("mailto:" + ADDRESS)}">',
        f'<a href="#" data-x="{codecs.encode("mailto:" + ADDRESS, "rot13")}">',
        f'<a onclick="location=\'mailto:{ADDRESS}\'">',
        f'<a rev="{("mailto:" + ADDRESS)[::-1]}">',
    ],
    "meta": [
        f'<meta name="reply-to" content="{ADDRESS}">',
        '<meta property="og:email" content="studio&#64;example.org">',
        f'<input type="hidden" value="{ADDRESS}">',
        '<img alt="studio at example dot org">',
    ],
    "data_attributes": [
        '<a data-user="studio" data-domain="example.org">',
        '<a data-domain="example.org" data-name="studio">',
        '<a data-u="studio" data-d="example" data-t="org">',
        '<a data-u="oiduts" data-d="gro.elpmaxe">',
        f'<a data-u="{packed("studio")}" data-d="{packed("example.org")}">',
    ],
    "joomla": [
        f'<joomla-hidden-mail first="{packed("studio")}" last="{packed(HALVES[1])}">',
        f'<joomla-hidden-mail first="" last="" text="{packed(ADDRESS)}">',
    ],
    "json_values": [
        f'<script type="application/ld+json">{{"email": "{ADDRESS}"}}</script>',
        '<script type="application/ld+json">{"@graph": [{"contactPoint": '
        '{"contactEmail": "mailto:studio\\u0040example.org"}}]}</script>',
        f'{{"telecom": [{{"system": "email", "value": "{ADDRESS}"}}]}}',
        '{"email": {"user": "studio", "domain": "example.org"}}',
        '["studio at example dot org"]',
        '<div data-props=\'{"x": "studio&#64;example.org"}\'>',
    ],
    "vcard": [
        f"BEGIN:VCARD\r\nEMAIL:{ADDRESS}\r\nEND:VCARD\r\n",
        "BEGIN:VCARD\r\nitem1.EMAIL;TYPE=work:studio@exam\r\n ple.org\r\n",
        "EMAIL;ENCODING=QUOTED-PRINTABLE:studio=40example.org\n",
        f"EMAIL;ENCODING=b:{packed(ADDRESS)}\n",
        f"MECARD:N:Pastore;EMAIL:{ADDRESS};;",
    ],
}  # fmt: skip
CASES = [(name, text) for name, texts in HIDDEN.items() for text in texts]


def test_every_technique_is_tried():
    assert set(HIDDEN) == set(harvesters.TECHNIQUES)


@pytest.mark.parametrize(("name", "text"), CASES)
def test_a_technique_finds_what_is_hidden_its_way(name, text):
    assert ADDRESS in harvesters.TECHNIQUES[name](text)


@pytest.mark.parametrize(("name", "text"), CASES)
def test_all_together_find_what_one_finds(name, text):
    page = f"<!doctype html><title>x</title><body><main><p>{text}</p></main>"

    assert ADDRESS in harvesters.harvest(text)
    if not text.startswith(("{", "[", "BEGIN", "EMAIL", "MECARD")):
        # A neighbouring word may stick to it: still too much is told.
        assert any(ADDRESS in found for found in harvesters.harvest(page))


@pytest.mark.parametrize(
    "text",
    [
        # entities, then comments, then tags
        "<b>studio</b><!-- x -->&#64;<b>example<!-- y -->.org</b>",
        # entities in a reversed text with tags
        "<bdo dir=rtl><i>gro.elpmaxe</i>&#64;oiduts</bdo>",
        # words between tags
        "<b>studio</b> <i>[at]</i> <b>example</b> <i>[dot]</i> <b>org</b>",
        # an escaped comment in an escaped page
        "&lt;!--studio&amp;#64;example.org--&gt;",
        # hidden parts and words
        "studio<b hidden>.no</b> (chiocciola) example<b hidden>.no</b> (punto) org",
        # zero-width signs and fullwidth @ in entities
        "stu&#8203;dio&#65312;exam&shy;ple.org",
        # percent-encoded entities
        "%26%2364%3B".join(HALVES),
        # a base64 token in a script, holding entities
        f"<script>x(atob('{packed('studio&#64;example.org')}'))</script>",
        # a marker in a tag
        "studio@<b>NOSPAM.</b>example.org",
        # ROT13 in an entity
        "<a title='fghqvb&#64;rknzcyr.bet'>",
    ],
)
def test_techniques_work_one_after_the_other(text):
    assert ADDRESS in harvesters.harvest(text)


def test_a_page_without_an_address_yields_none():
    page = "<p>Roma, at the corner. Via Esempio 1</p><a href='tel:+39066123456'>06</a>"

    assert harvesters.harvest(page) == set()


# What the portal writes ######################################################

QUARTET = (
    '<a href="/contact/email/1/" rel="nofollow"><span class="quartet">'
    "<span>studio</span><span>-office</span>&#64;"
    "<span>front-desk.</span><span>example.org</span></span></a>"
)


def test_the_portals_own_way_yields_a_mailbox_that_does_not_exist():
    found = harvesters.harvest(f"<body><p>{QUARTET}</p></body>")

    assert {a for a in found if a.endswith(".org")} == {
        "studio-office@front-desk.example.org",
        "office@front-desk.example.org",  # tags replaced by spaces
    }


def test_a_script_that_hides_like_the_style_sheet_reads_it():
    """The limit: who applies the style sheet sees what people see."""
    rule = ".quartet > :nth-child(2), .quartet > :nth-child(3) {display: none}"

    assert ADDRESS in harvesters.harvest(f"<style>{rule}</style>{QUARTET}")

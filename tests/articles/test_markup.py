"""Rich text: what staff paste becomes plain structure, and nothing that acts."""

import base64
import html.entities
import re

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.markup import Heading, render, sanitise, typed_numbers

derandomised = settings(deadline=None, derandomize=True, database=None)

# The promise, written again and not imported: a tag added to the module by mistake
# has to fail here.
ALLOWED = {
    "a": {"href", "rel"}, "aside": {"class", "data-contact"}, "blockquote": set(),
    "br": set(), "em": set(), "h2": set(), "h3": set(), "li": set(), "ol": set(),
    "p": set(), "span": {"data-contact"}, "strong": set(), "sub": set(), "sup": set(),
    "table": set(), "tbody": set(), "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"}, "thead": set(), "tr": set(), "ul": set(),
}  # fmt: skip
# What ``render`` may add to it.
RENDERED = {
    **ALLOWED,
    "div": {"class", "data-contact"}, "section": {"class", "data-contact"},
    "h2": {"id", "class"}, "h3": {"id", "class"},
    "table": {"class", "role"}, "tr": {"class", "role"},
    "tbody": {"role"}, "thead": {"role"},
    "td": {"colspan", "rowspan", "data-label", "role"},
    "th": {"colspan", "rowspan", "scope", "role"},
}  # fmt: skip
SAFE_HREF = re.compile(r"https?:|mailto:|tel:|#|/(?![/\\])", re.IGNORECASE)


def assert_harmless(markup, allowed=ALLOWED):
    """Look at the HTML with the parser that the standard describes."""
    document = html5lib.parseFragment(markup, namespaceHTMLElements=False)
    for element in document.iter():
        if element is document:
            continue
        assert element.tag in allowed, f"{element.tag!r} in {markup!r}"
        assert set(element.attrib) <= allowed[element.tag], markup
        if "href" in element.attrib:
            # As browsers do: they skip tabs and line ends, and trim controls.
            seen = re.sub(r"[\x00-\x20]", "", element.attrib["href"])
            assert SAFE_HREF.match(seen), f"{seen!r} in {markup!r}"
        if element.tag == "a":
            assert element.attrib["rel"] == "noopener"
        if element.tag == "span" or "data-contact" in element.attrib:
            contact = element.attrib["data-contact"]
            assert re.fullmatch("(phone|email)-[1-9][0-9]{0,9}", contact), markup
        if element.tag == "span":
            assert len(element) == 0, markup
            assert element.text is None, markup


# Word #######################################################################

WORD = """
<html xmlns:o="urn:schemas-microsoft-com:office:office">
<head><meta name=Generator content="Microsoft Word 15">
<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument>
</xml><![endif]--><style><!-- @font-face {font-family:Calibri;} --></style></head>
<body lang=IT><!--StartFragment-->
<p class=MsoNormal style='margin:0cm'><b><span style='color:red'>Febbre</span></b><o:p>
</o:p></p>
<p class=MsoListParagraphCxSpFirst style='mso-list:l0 level1 lfo1'>
<![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>·
<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp;&nbsp; </span></span>
</span><![endif]>Bere<o:p></o:p></p>
<p class=MsoListParagraphCxSpLast><![if !supportLists]><span>§<span>&nbsp;&nbsp;
</span></span><![endif]>Riposare</p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoListParagraph><![if !supportLists]><span>1.<span>&nbsp;&nbsp; </span>
</span><![endif]>Chiamare</p>
<h1>Cura<o:p></o:p></h1>
<table class=MsoTableGrid border=1><tr><td width=10 valign=top>
<p class=MsoNormal>A<o:p></o:p></p></td><td colspan=2><p>B</p></td></tr></table>
<!--EndFragment--></body></html>
"""


def test_text_pasted_from_word_becomes_plain_structure():
    assert sanitise(WORD) == (
        "<p><strong>Febbre</strong></p>"
        "<ul><li>Bere</li><li>Riposare</li></ul>"
        "<ol><li>Chiamare</li></ol>"
        "<h2>Cura</h2>"
        "<table><tbody><tr><td>A</td>"
        '<td colspan="2">B</td></tr></tbody></table>'
    )


def test_the_settings_of_word_are_not_text():
    pasted = "<xml><w:View>Normal</w:View></xml><style>p {color: red}</style><p>x</p>"

    assert sanitise(pasted) == "<p>x</p>"


@pytest.mark.parametrize("bullet", "·•▪‣◦")
def test_paragraphs_with_bullets_become_one_list(bullet):
    pasted = f"<p>{bullet} Uno</p>\n<p>{bullet}&nbsp;&nbsp; Due</p>"

    assert sanitise(pasted) == "<ul><li>Uno</li><li>Due</li></ul>"


@pytest.mark.parametrize(
    "sentence",
    ["- he said", "o dolore o febbre", "1. October is a date", "3.5 mg", "§ 5 says"],
)
def test_a_sentence_that_begins_like_a_list_stays_a_sentence(sentence):
    assert sanitise(f"<p>{sentence}</p>") == f"<p>{sentence}</p>"


def test_levels_of_headings_are_kept_below_the_title_of_the_page():
    pasted = "<h1>1</h1><h2>2</h2><h3>3</h3><h4>4</h4><h6>6</h6>"

    assert sanitise(pasted) == "<h2>1</h2><h2>2</h2><h3>3</h3><h3>4</h3><h3>6</h3>"


# Old sites ##################################################################

SPAMBOTS = (
    "This e-mail address is being protected from spambots. "
    "You need JavaScript enabled to view it"
)
SPAMBOTS_IT = (
    "Questo indirizzo email è protetto dagli spambots. "
    "È necessario abilitare JavaScript per vederlo."
)
CLOAKED = {
    "1.5": f"""<p>Write to <script language='JavaScript' type='text/javascript'> <!--
    var prefix = '&#109;a' + 'i&#108;' + '&#116;o'; var path = 'hr' + 'ef' + '=';
    var addy7 = 'studio' + '&#64;'; addy7 = addy7 + 'example' + '&#46;' + 'it';
    document.write( '<a ' + path + '\\'' + prefix + ':' + addy7 + '\\'>' );
    document.write( addy7 ); document.write( '<\\/a>' ); //--> </script><script> <!--
    document.write( '<span style=\\'display: none;\\'>' ); //--> </script>{SPAMBOTS}
    <script> <!-- document.write( '</' ); document.write( 'span>' ); //--> </script>
    please.</p>""",
    "3": f"""<p>Write to <span id="cloak1234">{SPAMBOTS_IT}</span>
    <script type='text/javascript'>
    document.getElementById('cloak1234').innerHTML = ''; var prefix = '&#109;a';
    var addy1234 = 'studio' + '&#64;'; </script> please.</p>""",
    "4": f"""<p>Write to <joomla-hidden-mail is-link="1" is-email="1"
    first="{base64.b64encode(b"studio").decode()}" last="ZXhhbXBsZS5pdA=="
    text="PHNjcmlwdD4=" base="">{SPAMBOTS}.</joomla-hidden-mail> please.</p>""",
    "switched off": "<p>Write to {emailcloak=off}please.</p>",
    "in the oldest": f"<p>Write to <noscript>{SPAMBOTS}</noscript> please.</p>",
}


@pytest.mark.parametrize("era", CLOAKED)
def test_nothing_of_an_address_cloaked_by_joomla_is_left(era):
    assert sanitise(CLOAKED[era]) == "<p>Write to please.</p>"


def test_old_line_breaks_and_fonts_become_paragraphs():
    old = "<font face=Arial size=2>One<br /><br />Two<br>\n<br>Three</font><br>"

    assert sanitise(old) == "<p>One</p><p>Two</p><p>Three</p>"


def test_a_single_line_break_stays():
    assert sanitise("<p>Via Esempio<br>Roma</p>") == "<p>Via Esempio<br>Roma</p>"


def test_boxes_and_loose_text_become_paragraphs():
    old = '<div id=x><div style="a">A</div><div>B</div></div>loose <i>text</i><p>C</p>'

    assert sanitise(old) == "<p>A</p><p>B</p><p>loose <em>text</em></p><p>C</p>"


def test_a_table_for_layout_survives_as_a_clean_table():
    old = """<table border=0 width="100%" background=x.gif><tr><td valign=top>
    <font size=2>Left</font></td><td nowrap><img src=x.gif></td></tr></table>"""

    assert sanitise(old) == (
        "<table><tbody><tr><td>Left</td><td></td></tr></tbody></table>"
    )


def test_the_caption_of_a_table_becomes_a_line_above_it():
    old = "<table><caption>Dosi</caption><tr><th>A</th></tr></table>"

    assert sanitise(old) == (
        "<p><strong>Dosi</strong></p><table><tbody><tr><th>A</th></tr></tbody></table>"
    )


def test_empty_elements_vanish_however_deep_they_are_nested():
    pasted = "<ul><li><p><strong><em>&nbsp;</em></strong></p></li></ul>" * 3

    assert sanitise("<blockquote>" * 20 + pasted) == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ('<td colspan="2">', '<td colspan="2">'),
        ('<td colspan="20" rowspan="1">', '<td colspan="20" rowspan="1">'),
        ('<td colspan="21">', "<td>"),
        ('<td rowspan="0">', "<td>"),
        ('<td rowspan="1e9">', "<td>"),
        ('<td colspan="99999999999">', "<td>"),
    ],
)
def test_cells_span_a_sensible_number_of_others(typed, kept):
    assert sanitise(f"<table><tr>{typed}x</td></tr></table>") == (
        f"<table><tbody><tr>{kept}x</td></tr></tbody></table>"
    )


# Attacks ####################################################################

EVIL = "<img src=x onerror=alert(1)>"
PAYLOADS = [
    # Plain
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<SCRIPT SRC=//evil.example></SCRIPT>",
    "<script/x>alert(1)</script >",
    "<<script>alert(1)//<</script>",
    EVIL,
    "<img/src='x'/onerror=alert(1)>",
    "<img src=x:x onerror\x0b=alert(1)>",
    "<IMG \"\"\"><SCRIPT>alert(1)</SCRIPT>\">",
    "<image src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<body onload=alert(1)>",
    "<iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'></iframe>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<button form=f formaction=javascript:alert(1)>x</button>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)><option>x</select>",
    "<textarea autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>x",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<style>@import '//evil.example';</style>",
    "<link rel=stylesheet href=//evil.example>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<p style=background:url(javascript:alert(1))>x</p>",
    "<p onclick=alert(1) id=x name=y class=z data-x=y>x</p>",
    "<a id=body name=cookie href=/x target=_blank ping=//evil download>x</a>",
    "<div is=x-evil slot=y part=z>x</div>",
    "<frameset onload=alert(1)><frame src=x></frameset>",
    "<isindex action=javascript:alert(1) type=submit>",
    "<bgsound src=javascript:alert(1)>",
    "<keygen autofocus onfocus=alert(1)>",
    "<portal src=//evil>",
    "<dialog open oncancel=alert(1)>x</dialog>",
    "<xss onpointerrawupdate=alert(1)>x</xss>",
    # Parsers that read the second time otherwise than the first (mXSS)
    f'<noscript><p title="</noscript>{EVIL}">',
    f"<svg></p><style><a id=\"</style>{EVIL}\">",
    f"<math><mtext><table><mglyph><style><!--</style>{EVIL}>",
    f"<form><math><mtext></form><form><mglyph><style></math>{EVIL}",
    f"<math><mtext><table><mglyph><style><math>{EVIL}",
    f"<math><mi><mglyph><svg><mtext><style><path id='</style>{EVIL}'>",
    f'<svg><style><img title="</style>{EVIL}">',
    f"<svg><foreignObject><style><p id='</style>{EVIL}'>",
    f"<svg><desc><style><b title='</style>{EVIL}'>",
    f"<svg><title><style><a id='</style></title>{EVIL}'>",
    f"<math><annotation-xml encoding='text/html'><style>{EVIL}</style>",
    f"<math><annotation-xml><style><a id='</style>{EVIL}'>",
    f"<math><ms><style><!--</style><b title='-->{EVIL}'>",
    f"<math></p><textarea><mi><style></textarea>{EVIL}",
    f"<template><style></template>{EVIL}</style>",
    f"<template><template></template>{EVIL}</template>",
    f"<template shadowrootmode=open>{EVIL}</template>",
    f"<xmp><p title='</xmp>{EVIL}'>",
    f"<noembed><p title='</noembed>{EVIL}'>",
    f"<noframes><p title='</noframes>{EVIL}'>",
    f"<iframe><p title='</iframe>{EVIL}'>",
    f"<title><p title='</title>{EVIL}'>",
    f"<textarea><p title='</textarea>{EVIL}'>",
    f"<plaintext>{EVIL}",
    f"<listing>&lt;img onerror=alert(1)&gt;</listing>{EVIL}",
    f"<pre>\n{EVIL}</pre>",
    f"<select><style></select>{EVIL}</style>",
    f"<select><template><style></select>{EVIL}",
    f"<option><style></option></select>{EVIL}</style>",
    f"<table><td><table></table><style>{EVIL}</style>",
    f"<table><select><option><svg><style>{EVIL}",
    f"<caption><svg><style><a title='</style>{EVIL}'>",
    f"<b><p><b><p></b></b>{EVIL}",
    f"<a><table><a></table>{EVIL}",
    f"<svg><![CDATA[><{EVIL}]]>",
    f"<math><![CDATA[</math>{EVIL}]]>",
    f"<svg><p><style><g title='</style>{EVIL}'>",
    f"<svg><font color=x><style></svg>{EVIL}</style>",
    f"<svg><script href=data:,alert(1) /><use href=data:,x>{EVIL}",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><animate attributeName=href to=javascript:alert(1)></svg>",
    "<svg><set attributeName=onmouseover to=alert(1)></svg>",
    "<math href=javascript:alert(1)>x</math>",
    "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x",
    "<math><x xlink:href=javascript:alert(1)>x",
    # Comments, declarations, instructions
    f"<!--><{EVIL}-->",
    f"<!---><{EVIL}-->",
    f"<!-- --!>{EVIL}-->",
    f"<!--<p title='-->{EVIL}'>",
    f"<![if !x]>{EVIL}<![endif]>",
    f"<!--[if IE]>{EVIL}<![endif]-->",
    f"<?xml-stylesheet ?>{EVIL}?>",
    f"<? foo='><script>alert(1)</script>'>{EVIL}",
    f"<! '>{EVIL}'>",
    f"</ title='>{EVIL}'>",
    f"<!DOCTYPE x [<!ENTITY y '{EVIL}'>]>&y;",
    f"<%{EVIL}%>",
    # Attributes that are broken out of
    '<a href="/x" title="a"onclick=alert(1)>x</a>',
    "<a href='/\"onmouseover=alert(1) x=\"'>x</a>",
    '<a href="/x&quot;onmouseover=alert(1)">x</a>',
    '<a href="/x&quot;><script>alert(1)</script>">x</a>',
    "<a href=`/x`onmouseover=alert(1)>x</a>",
    '<a href="/<aside>&quot; onclick=alert(1)">x</a>',
    '<aside class=\'callout"onclick=alert(1)\'>x</aside>',
    '<td colspan=\'2"onclick=alert(1)\'>x',
    '<table><tr><td colspan=\'2" onclick="alert(1)\'>x</td></tr></table>',
    "<p/onclick=alert(1)//x>",
    "<p\x0conclick=alert(1)>x",
    "<p\x00onclick=alert(1)>x",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<\x00script>alert(1)</script>",
    "<im\x00g src=x onerror=alert(1)>",
    "\x00<img src=x onerror=alert(1)>",
    # Text that turns into tags in careless hands
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "&#x3c;script&#x3e;alert(1)",
    "＜script＞alert(1)＜/script＞",
    "\u2028<script>alert(1)</script>\u2029",
    "+ADw-script+AD4-alert(1)",
    "{{7*7}}{% load x %}${7*7}",
    # Patterns of the tidying itself
    f"<p>·&nbsp;{EVIL}</p>",
    f"<table><caption>{EVIL}</caption><tr><td>x",
    f"<a>{EVIL}</a>",
    f"<h4>{EVIL}</h4><center>{EVIL}</center>",
    "<table><tr><th>&lt;aside&gt;&lt;img src=x onerror=alert(1)&gt;</th></tr>"
    "<tr><td>x</td></tr></table>",
    "<table><tr><th>\" onclick=alert(1) x=\"</th></tr><tr><td>x</td></tr></table>",
    '<h2>"onclick=alert(1) x="</h2>',
    "<aside>&lt;aside class=\"callout\"&gt;</aside>",
    # References
    '<span data-contact="phone-3&quot; onclick=alert(1) x=&quot;">x</span>',
    '<span data-contact=phone-3/onclick=alert(1)>x</span>',
    f'<span data-contact="phone-3">{EVIL}</span>',
    f'<span data-contact="phone-3">x<p>{EVIL}</p></span>{EVIL}',
    f'<aside data-contact="phone-3">{EVIL}</aside>',
    f'<aside class="care" data-contact="phone-3"><h3>{EVIL}</h3></aside>',
    '<aside class="care care--urgent evil" data-contact="javascript:1"></aside>',
    '<p>&lt;span data-contact="phone-3"&gt;&lt;/span&gt;</p>',
    '<table><tr><th>&lt;/section&gt;&lt;span data-contact="phone-3"&gt;</th></tr>'
    "<tr><td>x</td></tr></table>",
]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a01_no_attack_survives_in_the_database_or_on_the_page(payload):
    stored = sanitise(payload)

    assert_harmless(stored)
    assert_harmless(render(stored).html, RENDERED)
    assert sanitise(stored) == stored


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a01_no_attack_survives_behind_an_unfinished_text(payload):
    for before in ("<table><tr><td>", "<ul><li><b>", "<!--", '<a href="', "<svg><p>"):
        assert_harmless(sanitise(before + payload))


REFUSED_ADDRESSES = [
    "javascript:alert(1)",
    "JaVa\tScript:alert(1)",
    "java\nscript:alert(1)",
    " \x01javascript:alert(1)",
    "java\x00script:alert(1)",
    "javascript\t:alert(1)",
    "&#106;avascript:alert(1)",
    "&#0000106avascript:alert(1)",
    "&#x6A;avascript&colon;alert(1)",
    "javascript&#58;alert(1)",
    "java&Tab;script:alert(1)",
    "java&NewLine;script:alert(1)",
    "&#1;javascript:alert(1)",
    "\u00a0javascript:alert(1)",
    "\u2028javascript:alert(1)",
    "\ufeffjavascript:alert(1)",
    "javascript://www.example.org/%0aalert(1)",
    "view-source:javascript:alert(1)",
    "feed:javascript:alert(1)",
    "vbscript:msgbox(1)",
    "VBScript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data: \n text/html;base64,PHNjcmlwdD4=",
    "blob:https://www.example.org/x",
    "file:///etc/passwd",
    "filesystem:https://x",
    "intent://x#Intent;end",
    "ftp://www.example.org/",
    "jar:https://x!/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n\\evil.example",
    "\t//evil.example",
    "&#47;&#47;evil.example",
    "/&Tab;/evil.example",
    "/&bsol;evil.example",
    "evil.example",
    "",
]


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
def test_a02_a_link_to_a_dangerous_address_becomes_plain_text(address):
    assert sanitise(f'<p><a href="{address}">words</a></p>') == "<p>words</p>"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://www.example.org/a?b=1&amp;c=2#d", None),
        ("HTTP://www.example.org", None),
        ("mailto:studio@example.org", None),
        ("tel:+393317612698", None),
        ("/articles/fever/", None),
        ("/", None),
        ("#what-it-is-1", None),
        ("https://paral·lel.example/«a»?b=°", None),
        (" https://www.example.org/a b ", "https://www.example.org/a%20b"),
        ("ht\ttps://www.example.org", "https://www.example.org"),
    ],
)
def test_a02_a_link_to_a_page_a_mailbox_or_a_phone_is_kept(typed, stored):
    assert sanitise(f'<p><a href="{typed}" target="_blank">x</a></p>') == (
        f'<p><a href="{stored or typed}" rel="noopener">x</a></p>'
    )


# Properties #################################################################

ENTITIES = sorted({name.rstrip(";") for name in html.entities.html5})
FRAGMENTS = st.sampled_from(
    [
        *PAYLOADS,
        *(f'<a href="{address}">' for address in REFUSED_ADDRESSES),
        *(f"<{tag}>" for tag in sorted(ALLOWED)),
        *(f"</{tag}>" for tag in sorted(ALLOWED)),
        *"·•-o§1. \u00a0\u0085\u2028\x00\x1c<>&\"'=/`\\",
        "<b>", "</b>", "<i>", "</i>", "<div>", "</div>", "<font>", "</font>", "<h1>",
        "</h1>", "<caption>", "</caption>", "<center>", "<section>", "<svg>", "</svg>",
        "<math>", "</math>", "<mtext>", "<mglyph>", "<style>", "</style>", "<noscript>",
        "</noscript>", "<template>", "</template>", "<select>", "</select>", "<!--",
        "-->", "<![CDATA[", "]]>", "<form>", "</form>", "<foreignObject>", "<title>",
        "</title>", "<textarea>", "</textarea>", "<xmp>", "<plaintext>", "<frameset>",
        "<body>", "<html>", "<head>", "<col>", "<button>", "<o:p>", "</o:p>", "<dl>",
        "<dd>", "<object>", "<p>·&nbsp;", "<p>1.&nbsp;", "<br><br>", "&nbsp;&nbsp;",
        '<aside class="care">', '<aside class="care--urgent" data-contact=phone-3>',
        '<aside class="care care--emergency">', '<aside data-contact="email-2">',
        '<span data-contact="phone-3">', '<span data-contact="email-0">',
        '<aside class="callout callout--ask">', '<td colspan="2">', SPAMBOTS,
        "<li><p>", "</p></li>", "<td><p>", "<a>", '<a href="/x">', "word",
    ]
)  # fmt: skip
HOSTILE = st.lists(
    FRAGMENTS | st.sampled_from(ENTITIES).map("&{};".format) | st.text(max_size=4),
    max_size=14,
).map("".join)


@given(HOSTILE | st.text())
@settings(derandomised, max_examples=1500)
def test_a01_whatever_comes_in_only_harmless_html_comes_out(markup):
    stored = sanitise(markup)

    assert_harmless(stored)
    assert sanitise(stored) == stored
    assert_harmless(render(stored).html, RENDERED)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
@settings(derandomised, max_examples=300)
def test_text_without_markup_keeps_its_words(text):
    words = re.findall(r"[a-z]+", text)

    shown = html5lib.parseFragment(sanitise(text.replace("<", "&lt;")))

    assert re.findall(r"[a-z]+", "".join(shown.itertext())) == words


@given(HOSTILE)
@settings(derandomised, max_examples=300)
def test_headings_of_any_article_have_ids_of_their_own(markup):
    rendered = render(sanitise(f"<h2>a</h2>{markup}<h2>a</h2>"))

    ids = re.findall(r'<h2 id="([^"]*)"', rendered.html)
    assert len(set(ids)) == len(ids) == rendered.html.count("<h2")
    assert {heading.id for heading in rendered.headings} <= set(ids)


@pytest.mark.parametrize(
    "tag", ["div", "ul", "ul><li", "blockquote", "aside", "b", "table><tr><td", "x-y"]
)
def test_a11_tags_nested_five_thousand_deep_are_no_danger(tag):
    stored = sanitise(f"<{tag}>" * 5000 + "words")

    assert "words" in stored
    assert_harmless(stored)
    assert sanitise(stored) == stored
    assert_harmless(render(stored).html, RENDERED)


def test_the_structure_behind_a_heap_of_unclosed_tags_is_kept():
    """Old pages leave hundreds of tags open; the rest of the text must not suffer."""
    old = "<font>x<br>" * 500 + "<h2>Cura</h2><ul><li>Bere</li></ul>"

    assert sanitise(old).endswith("<h2>Cura</h2><ul><li>Bere</li></ul>")


@pytest.mark.parametrize(
    "piece",
    [
        "<", " ", "&nbsp;", "\u00a0", "<b>", "<br>", "·", "«", "&", "<!--", "<div ",
        "<ul>", "<aside>", "<p>·&nbsp;", "<p>1.&nbsp;", "<li><p>", "</p>", "a", "-",
        "<table><caption>", "<table><tr><td>", "<svg><p>", "<a href=/x>", "&nbsp; <br>",
        "<span>", "<span data-contact=phone-3>", "<aside class=care><h3>",
        "<a href=/x><span data-contact=phone-3>", "<aside data-contact=phone-3>",
    ],
)  # fmt: skip
def test_a11_two_hundred_kilobytes_of_one_piece_are_worked_through(piece):
    """Each took minutes, or all memory, in one careless version or another."""
    stored = sanitise(piece * (200_000 // len(piece)))

    assert sanitise(stored) == stored
    assert "<script" not in render(stored).html


# On the page ################################################################


def test_a_table_names_its_header_cells_and_repeats_them_for_phones():
    body = sanitise(
        "<table><tr><th>Drug</th><th>Dose &amp; <b>time</b></th></tr>"
        "<tr><th>A</th><td>1</td></tr>"
        "<tr><td>B</td><td>2</td></tr></table>"
    )

    assert render(body).html == (
        '<table class="table" role="table"><tbody role="rowgroup">'
        '<tr class="table__header" role="row">'
        '<th scope="col" role="columnheader">Drug</th>'
        '<th scope="col" role="columnheader">Dose &amp; <strong>time</strong></th></tr>'
        '<tr role="row"><th role="rowheader" scope="row">A</th>'
        '<td role="cell" data-label="Dose &amp; time">1</td></tr>'
        '<tr role="row"><td role="cell" data-label="Drug">B</td>'
        '<td role="cell" data-label="Dose &amp; time">2</td></tr>'
        "</tbody></table>"
    )


def test_a_row_of_another_length_gets_no_labels():
    body = sanitise(
        "<table><tr><th>A</th><th>B</th></tr><tr><td colspan=2>both</td></tr></table>"
    )

    assert '<td colspan="2" role="cell">both</td>' in render(body).html


def test_a_table_without_header_gets_no_labels():
    body = sanitise("<table><tr><td>A</td></tr><tr><td>B</td></tr></table>")

    assert render(body).html == (
        '<table class="table" role="table"><tbody role="rowgroup">'
        '<tr role="row"><td role="cell">A</td></tr>'
        '<tr role="row"><td role="cell">B</td></tr>'
        "</tbody></table>"
    )


def test_a_table_inside_a_cell_keeps_its_own_headers():
    inner = "<table><tr><th>i</th></tr><tr><td>1</td></tr></table>"
    body = sanitise(f"<table><tr><th>o</th></tr><tr><td>{inner}</td></tr></table>")

    rendered = render(body).html

    assert rendered.count('scope="col"') == 2
    assert '<td role="cell" data-label="i">1</td>' in rendered
    assert '<td role="cell" data-label="o"><table' in rendered


def test_a_table_of_nothing_is_rendered():
    assert render("<table></table>").html == (
        '<table class="table" role="table"></table>'
    )


def test_headings_get_ids_and_stand_in_the_contents():
    rendered = render(
        "<h2>Cosa è</h2><h3>Sub</h3><h2>Cosa <em>è</em></h2><h2>癌</h2><h2> </h2>"
    )

    assert rendered.headings == [
        Heading("cosa-e-1", "Cosa è"),
        Heading("cosa-e-2", "Cosa è"),
        Heading("part-3", "癌"),
    ]
    assert '<h2 id="part-4"> </h2>' in rendered.html
    assert "<h3>Sub</h3>" in rendered.html


def test_headings_that_end_like_each_others_numbers_stay_apart():
    rendered = render("<h2>a 1</h2><h2>a</h2><h2>a-1</h2>" + "<h2>a</h2>" * 200)

    ids = [heading.id for heading in rendered.headings]
    assert len(set(ids)) == 203


def test_the_id_of_a_long_heading_is_short():
    rendered = render(f"<h2>{'word ' * 200}</h2>")

    assert len(rendered.headings[0].id) <= 63


def test_a_call_out_is_no_landmark_and_its_title_is_marked():
    body = sanitise('<aside class="callout evil"><h3>Note</h3><p>x</p></aside>')

    assert render(body).html == (
        '<div class="callout flow"><h3 class="callout__title">Note</h3><p>x</p></div>'
    )


def test_a_call_out_to_act_is_told_apart():
    body = sanitise('<aside class="callout--ask callout"><p>Call us</p></aside>')

    assert render(body).html == (
        '<div class="callout callout--ask flow"><p>Call us</p></div>'
    )


def test_a_body_without_anything_special_is_rendered_as_it_is():
    body = '<p>One<br>two</p><ul><li><a href="/x" rel="noopener">x</a></li></ul>'

    rendered = render(body)

    assert (rendered.html, rendered.headings) == (body, [])


def test_signs_that_mean_something_in_html_stay_what_they_were():
    typed = "<p>R&D, R&amp;D, &amp;lt;, &copy, &copy;, «a» 37° · 1 < 2 ½ \ufdd1</p>"

    assert sanitise(typed) == (
        "<p>R&amp;D, R&amp;D, &amp;lt;, ©, ©, «a» 37° · 1 &lt; 2 ½ ¡</p>"
    )


def test_an_empty_body_stays_empty():
    assert sanitise("") == ""
    assert render("").html == ""


def test_a_numbered_list_keeps_the_number_it_begins_with():
    assert sanitise('<ol start="4"><li>x</li></ol>') == (
        '<ol start="4"><li>x</li></ol>'
    )
    assert sanitise("<p>3.&nbsp;&nbsp; three</p><p>4.&nbsp;&nbsp; four</p>") == (
        '<ol start="3"><li>three</li><li>four</li></ol>'
    )


@pytest.mark.parametrize(
    "text", ["3.&nbsp;Aprile 2026", "o&nbsp;meglio", "–&nbsp;e poi"]
)
def test_a_single_hard_space_makes_no_list(text):
    assert sanitise(f"<p>{text}</p>") == f"<p>{text}</p>"


# References and care cards ##################################################


@pytest.mark.parametrize(
    "stored",
    [
        '<p>Call <span data-contact="phone-3"></span> today.</p>',
        '<p><span data-contact="email-12"></span></p>',
        '<h2>Call <span data-contact="phone-3"></span></h2>',
        '<ul><li><span data-contact="phone-3"></span></li></ul>',
        '<table><tbody><tr><td><span data-contact="phone-3"></span></td></tr></tbody>'
        "</table>",
        '<p>One</p><aside data-contact="phone-3"></aside><p>Two</p>',
        '<aside class="care"><h3>Call if</h3><ul><li>x</li></ul></aside>',
        '<aside class="care care--urgent" data-contact="phone-3"><p>x</p></aside>',
        '<aside class="care care--emergency"><h3>Call if</h3><p>x</p></aside>',
        '<aside class="care"></aside>',
        '<aside class="callout"><p><span data-contact="phone-3"></span></p></aside>',
    ],
)
def test_what_the_editor_stores_of_contacts_stays_as_it_is(stored):
    assert sanitise(stored) == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        # Spans that are no references
        ("<p>a<span>b</span>c</p>", "<p>abc</p>"),
        ("<p><span><span>b</span></span></p>", "<p>b</p>"),
        ('<p><span data-contact="phone-03">b</span></p>', "<p>b</p>"),
        ('<p><span data-contact="phone-0">b</span></p>', "<p>b</p>"),
        ('<p><span data-contact="phone-">b</span></p>', "<p>b</p>"),
        ('<p><span data-contact="phone-12345678901">b</span></p>', "<p>b</p>"),
        ('<p><span data-contact="fax-1">b</span></p>', "<p>b</p>"),
        ('<p><span data-contact="phone-3\n">b</span></p>', "<p>b</p>"),
        ('<p><span data-contact="phone-３">b</span></p>', "<p>b</p>"),
        ("<p><span data-contact='phone-3\" onclick=\"x'>b</span></p>", "<p>b</p>"),
        ('<p data-contact="phone-3">b</p>', "<p>b</p>"),
        # What stands in a reference is not stored, what follows is
        (
            '<p><span data-contact="phone-3">331 761 2698</span> now</p>',
            '<p><span data-contact="phone-3"></span> now</p>',
        ),
        (
            '<span data-contact="phone-3"><p>A whole article</p>',
            '<p><span data-contact="phone-3"></span></p><p>A whole article</p>',
        ),
        # A number is a link already
        (
            '<p><a href="/x">a <span data-contact="phone-3"></span> b</a></p>',
            '<p><a href="/x" rel="noopener">a </a><span data-contact="phone-3"></span>'
            '<a href="/x" rel="noopener"> b</a></p>',
        ),
        (
            '<p><a href="/x"><span data-contact="phone-3"></span></a></p>',
            '<p><span data-contact="phone-3"></span></p>',
        ),
        # Cards
        (
            '<aside class="care--urgent evil" data-contact="phone-3">x</aside>',
            '<aside class="care care--urgent" data-contact="phone-3">x</aside>',
        ),
        (
            '<aside class="care care--emergency" data-contact="phone-3">x</aside>',
            '<aside class="care care--emergency">x</aside>',
        ),
        (
            '<aside class="care" data-contact="email-3">x</aside>',
            '<aside class="care">x</aside>',
        ),
        (
            '<aside data-contact="phone-3"><p>x</p></aside>',
            "<aside><p>x</p></aside>",
        ),
        (
            '<aside class="callout" data-contact="phone-3"><p>x</p></aside>',
            '<aside class="callout"><p>x</p></aside>',
        ),
        (
            '<aside data-contact="phone-3"> <p> </p></aside>',
            '<aside data-contact="phone-3"></aside>',
        ),
    ],
)
def test_references_are_stored_in_one_form_only(typed, stored):
    assert sanitise(typed) == stored
    assert sanitise(stored) == stored


def test_references_stay_places_to_be_filled_in():
    body = (
        '<p><span data-contact="phone-3"></span></p><aside data-contact="email-1">'
        '</aside><aside class="care care--urgent" data-contact="phone-3">'
        "<h3>Call if</h3><p>x</p></aside>"
    )

    assert render(body).html == (
        '<p><span data-contact="phone-3"></span></p><div data-contact="email-1"></div>'
        '<section class="care care--urgent" data-contact="phone-3">'
        '<h3 id="care-urgent" class="care__title">Call if</h3><p>x</p></section>'
    )


def test_two_cards_of_a_kind_have_ids_of_their_own():
    card = '<aside class="care"><h3>Call if</h3></aside>'

    html = render(f"<h2>Care non urgent</h2>{card}{card}").html

    assert re.findall('id="([^"]*)"', html) == [
        "care-non-urgent-1",
        "care-non-urgent",
        "care-non-urgent--2",
    ]


# Numbers that are typed #####################################################


@pytest.mark.parametrize(
    "number",
    [
        "331 761 2698", "331.761.2698", "331-7612698", "3317612698", "+39 331 761 2698",
        "+393317612698", "0039 331 761 2698", "06 6991234", "(06) 699 1234",
        "06/6991234", "800 033 033", "+44 20 7946 0018",
    ],
)  # fmt: skip
def test_a_typed_number_is_found(number):
    for body in (
        f"<p>Call {number}.</p>",
        f"<ul><li><strong>{number}</strong>: now</li></ul>",
        f"<table><tbody><tr><td>5 mg</td><td>{number}</td></tr></tbody></table>",
    ):
        assert typed_numbers(body, "IT") == [number]


def test_a_number_typed_as_a_link_is_found_once():
    link = '<a href="{}" rel="noopener">{}</a>'

    assert typed_numbers(link.format("tel:+393317612698", "call us"), "IT") == [
        "+393317612698"
    ]
    assert typed_numbers(link.format("tel:3317612698", "331 761 2698"), "IT") == [
        "331 761 2698"
    ]
    assert typed_numbers(link.format("tel:112", "112"), "IT") == []
    assert typed_numbers(link.format("https://x.example/3317612698", "x"), "IT") == []


def test_a_number_is_not_put_together_from_two_cells():
    cells = "<table><tbody><tr><td>331 761</td><td>2698</td></tr></tbody></table>"

    assert typed_numbers(cells, "IT") == []


@pytest.mark.parametrize(
    "prose",
    [
        "Call 112, 118, 1500 or 116117; in the US 911.",
        "Take 500-1000 mg every 8 hours, at most 3000 mg a day, 5-fluorouracil 2400 "
        "mg/m² in 46 hours, cisplatin 75 mg/m2 on day 1, 8, 15 and 22.",
        "From 2019-2023, in 1998/99, on 12/05/2025 or 2025-05-12 at 10:30.",
        "38.5 °C; 120/80 mmHg; HbA1c 48 mmol/mol; p=0.0345; HR 0.67 (0.53-0.84).",
        "350 000-400 000 platelets, 3.500.000 cells, 320 000 000 people, 333.000.000.",
        "doi:10.1016/j.annonc.2022.10.003, https://doi.org/10.3390/cancers14030805, "
        "10.3322/caac.3317612698",
        "PMID 36372273, PMID: 31234567, PMC 3317612698, NCT 03456789, NCT03456789, "
        "EudraCT 2015-002345-12, ISRCTN12345678, ISBN 978-88-214-3456-7",
        "J Clin Oncol 2010;28:3333-3340. Lancet 2019; 393(10170): 407-15.",
        "P.IVA 03456789012, ORCID 0000-0002-1825-0097, 00198 Roma, C78.7, 30 Gy in 10.",
        "ore 9-13 e 15-18.30, stanza 12, piano 3, 90 cm, 300 metri",
    ],
)
def test_medical_prose_holds_no_numbers(prose):
    assert typed_numbers(f"<p>{prose}</p>", "IT") == []
    assert typed_numbers(f"<p>{prose}</p>", "GB") == []


@pytest.mark.parametrize("piece", ["1", "3 ", "331 761 2698 ", "PMID 1 ", "1-", "10.1"])
def test_a11_a_long_text_is_searched_in_no_time(piece):
    typed_numbers(f"<p>{piece * (100_000 // len(piece))}</p>", "IT")

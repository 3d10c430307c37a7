"""Two editions side by side: no change is invisible, and no word gets lost."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.markup import sanitise
from articles.markup.comparison import (
    LABELS,
    Piece,
    Row,
    compare,
    compare_words,
    is_same,
)

derandomised = settings(deadline=None, derandomize=True, database=None)


def text(pieces):
    return "".join(piece.text for piece in pieces)


def kept(pieces):
    return text(piece for piece in pieces if piece.kind == "same")


def marked(pieces):
    """Write pieces as one line: [-deleted-], {+inserted+}."""
    written = {"same": "{}", "deleted": "[-{}-]", "inserted": "{{+{}+}}"}
    return "".join(written[piece.kind].format(piece.text) for piece in pieces)


def lines(before, after):
    """Compare two bodies, and write each row as one line."""
    return [
        (row.kind, row.label, marked(row.before), marked(row.after))
        for row in compare(before, after)
    ]


def before_texts(rows):
    return [text(row.before) for row in rows if row.kind != "inserted"]


def after_texts(rows):
    return [text(row.after) for row in rows if row.kind != "deleted"]


def shown(body):
    """Return the label and the text of every block of a body."""
    return [(row.label, text(row.after)) for row in compare(body, body)]


# Words #######################################################################


def test_the_words_that_differ_are_marked():
    before, after = compare_words("Fever in small children", "Fever in children")

    assert before == (
        Piece("same", "Fever in "),
        Piece("deleted", "small "),
        Piece("same", "children"),
    )
    assert after == (Piece("same", "Fever in children"),)


def test_the_same_words_are_one_piece():
    same = (Piece("same", "Fever, and now?"),)

    assert compare_words("Fever, and now?", "Fever, and now?") == (same, same)


def test_what_is_empty_has_no_pieces():
    assert compare_words("", "") == ((), ())
    assert compare_words("", "Fever") == ((), (Piece("inserted", "Fever"),))
    assert compare_words("Fever", "") == ((Piece("deleted", "Fever"),), ())


@pytest.mark.parametrize(
    ("before", "after", "old", "new"),
    [
        ("2,5 mg", "2,6 mg", "[-2,5-] mg", "{+2,6+} mg"),
        ("from 8:30 on", "from 9:30 on", "from [-8:30-] on", "from {+9:30+} on"),
        ("ring [phone-3].", "ring [phone-4].", "ring [-[phone-3]-].",
         "ring {+[phone-4]+}."),
        ("perche\u0301 no", "perche no", "[-perche\u0301-] no", "{+perche+} no"),
    ],
)  # fmt: skip
def test_a_number_a_contact_and_a_letter_with_its_accent_are_not_torn(
    before, after, old, new
):
    assert [marked(side) for side in compare_words(before, after)] == [old, new]


def test_rewritten_words_are_one_piece_with_the_spaces_between_them():
    before, after = compare_words("now rest at home, please", "now go to work, please")

    assert marked(before) == "now [-rest at home-], please"
    assert marked(after) == "now {+go to work+}, please"


@pytest.mark.parametrize(
    ("before", "after"),
    [("a b", "a  b"), ("a b", "a\xa0b"), ("a b", "a\nb"), ("a.", "a"), ("A", "a"),
     ("a-b", "a–b"), ("", " "), ("l'ora", "l’ora"), ("e\u0301", "é")],
)  # fmt: skip
def test_the_least_change_of_a_title_is_marked(before, after):
    old, new = compare_words(before, after)

    assert {piece.kind for piece in old + new} - {"same"} != set()
    assert (text(old), text(new)) == (before, after)


# Blocks ######################################################################

CARE = '<aside class="care care--urgent"><h2>Ring</h2><p>Today.</p></aside>'


def test_equal_bodies_are_all_the_same():
    rows = compare("<h2>Fever</h2><p>Rest.</p>", "<h2>Fever</h2><p>Rest.</p>")

    fever, rest = (Piece("same", "Fever"),), (Piece("same", "Rest."),)
    assert rows == [
        Row("same", "heading", fever, fever),
        Row("same", "text", rest, rest),
    ]
    assert is_same(rows) is True


def test_two_empty_bodies_are_the_same():
    assert compare("", "") == []
    assert is_same([]) is True


def test_a_changed_paragraph_shows_its_changed_words():
    before = "<p>Rest.</p><p>Take 500 mg every 8 hours.</p><p>Drink.</p>"
    after = "<p>Rest.</p><p>Take 1000 mg every 8 hours.</p><p>Drink.</p>"

    assert lines(before, after) == [
        ("same", "text", "Rest.", "Rest."),
        ("changed", "text", "Take [-500-] mg every 8 hours.",
         "Take {+1000+} mg every 8 hours."),
        ("same", "text", "Drink.", "Drink."),
    ]  # fmt: skip
    assert is_same(compare(before, after)) is False


def test_a_new_paragraph_stands_beside_nothing():
    assert compare("<p>a</p>", "<p>a</p><p>b</p>")[1:] == [
        Row("inserted", "text", (), (Piece("inserted", "b"),))
    ]
    assert compare("<p>a</p><p>b</p>", "<p>a</p>")[1:] == [
        Row("deleted", "text", (Piece("deleted", "b"),), ())
    ]


def test_a_moved_paragraph_is_deleted_and_inserted():
    assert lines("<p>a</p><p>b</p><p>c</p>", "<p>b</p><p>c</p><p>a</p>") == [
        ("deleted", "text", "[-a-]", ""),
        ("same", "text", "b", "b"),
        ("same", "text", "c", "c"),
        ("inserted", "text", "", "{+a+}"),
    ]


def test_an_edited_paragraph_is_found_behind_a_new_one():
    before = "<p>Rest at home for three days.</p>"
    after = "<p>See a doctor soon.</p><p>Rest at home for four days.</p>"

    assert lines(before, after) == [
        ("inserted", "text", "", "{+See a doctor soon.+}"),
        ("changed", "text", "Rest at home for [-three-] days.",
         "Rest at home for {+four+} days."),
    ]  # fmt: skip


def test_a_paragraph_with_other_words_replaces_the_old_one_as_a_whole():
    before = "<p>The practice is closed on Monday.</p>"
    after = "<p>Please bring all letters on paper.</p>"

    assert lines(before, after) == [
        ("changed", "text", "[-The practice is closed on Monday.-]",
         "{+Please bring all letters on paper.+}"),
    ]  # fmt: skip


def test_another_level_of_heading_is_a_change():
    assert lines("<h2>Fever</h2>", "<h3>Fever</h3>") == [
        ("deleted", "heading", "[-Fever-]", ""),
        ("inserted", "subheading", "", "{+Fever+}"),
    ]


def test_another_kind_of_list_is_a_change():
    before = "<ul><li>Rest</li><li>Drink</li></ul>"
    after = "<ol><li>Rest</li><li>Drink</li></ol>"

    assert lines(before, after) == [
        ("changed", "item", "[-•-] Rest", "{+1.+} Rest"),
        ("changed", "item", "[-•-] Drink", "{+2.+} Drink"),
    ]


def test_another_first_number_is_a_change():
    before, after = "<ol><li>Rest</li></ol>", '<ol start="3"><li>Rest</li></ol>'

    assert lines(before, after) == [("changed", "item", "[-1-]. Rest", "{+3+}. Rest")]


def test_a_number_that_only_moved_is_shown_and_no_change():
    before = "<ol><li>Rest</li></ol>"
    after = "<ol><li>Drink</li><li>Rest</li></ol>"

    assert lines(before, after) == [
        ("inserted", "item", "", "{+1. Drink+}"),
        ("same", "item", "1. Rest", "2. Rest"),
    ]


def test_lists_in_lists_are_indented_and_have_their_dots_once():
    body = "<ol><li>a<ul><li>b</li><li><p>c</p><p>d</p></li></ul>e</li><li>f</li></ol>"

    assert [written for _label, written in shown(body)] == [
        "1. a", "\u2003• b", "\u2003• c", "\u2003\u2003d", "\u2003e", "2. f",
    ]  # fmt: skip


def test_a_cell_that_becomes_a_header_is_a_change():
    before = "<table><tbody><tr><td>Dose</td><td>5</td></tr></tbody></table>"
    after = "<table><tbody><tr><th>Dose</th><td>6</td></tr></tbody></table>"

    assert lines(before, after) == [
        ("deleted", "cell", "[-Dose-]", ""),
        ("inserted", "header", "", "{+Dose+}"),
        ("changed", "cell", "[-5-]", "{+6+}"),
    ]


def test_an_empty_cell_keeps_its_place():
    before = "<table><tbody><tr><td>a</td><td></td><td>b</td></tr></tbody></table>"

    assert shown(before) == [("cell", "a"), ("cell", ""), ("cell", "b")]
    assert lines(before, before.replace("<td></td>", "<td>c</td>"))[1] == (
        "changed", "cell", "", "{+c+}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("classes", "label"),
    [("callout", "callout"), ("callout callout--ask", "ask"), ("care", "care"),
     ("care care--urgent", "urgent"), ("care care--emergency", "emergency")],
)  # fmt: skip
def test_every_block_of_a_box_bears_the_name_of_the_box(classes, label):
    body = (
        f'<aside class="{classes}"><h2>a</h2><h3>b</h3><p>c</p><ul><li>d</li></ul>'
        "<blockquote>e</blockquote></aside>"
    )

    assert shown(body) == [
        (label, "# a"), (label, "## b"), (label, "c"), (label, "• d"), (label, "> e"),
    ]  # fmt: skip


def test_a_table_in_a_box_has_signs_for_its_cells():
    body = "<aside><table><tbody><tr><th>a</th><td>b</td></tr></tbody></table></aside>"

    assert shown(body) == [("callout", "|= a"), ("callout", "| b")]


def test_the_innermost_box_is_the_label_and_the_others_are_named():
    assert shown('<aside class="care"><aside class="callout">a</aside>b</aside>') == [
        ("callout", "[care] a"),
        ("care", "b"),
    ]


def test_another_kind_of_box_is_a_change_of_all_that_is_in_it():
    assert lines(CARE, CARE.replace("urgent", "emergency")) == [
        ("deleted", "urgent", "[-# Ring-]", ""),
        ("deleted", "urgent", "[-Today.-]", ""),
        ("inserted", "emergency", "", "{+# Ring+}"),
        ("inserted", "emergency", "", "{+Today.+}"),
    ]


def test_an_empty_care_card_is_a_row():
    """The page fills it with the emergency number."""
    assert lines("", '<aside class="care care--emergency"></aside>') == [
        ("inserted", "emergency", "", "")
    ]


def test_a_paragraph_that_leaves_its_box_is_a_change():
    assert lines(CARE, CARE.replace("<p>Today.</p>", "") + "<p>Today.</p>") == [
        ("same", "urgent", "# Ring", "# Ring"),
        ("deleted", "urgent", "[-Today.-]", ""),
        ("inserted", "text", "", "{+Today.+}"),
    ]


@pytest.mark.parametrize(
    ("together", "apart"),
    [
        ("<aside><p>a</p><p>b</p></aside>",
         "<aside><p>a</p></aside><aside><p>b</p></aside>"),
        ("<ul><li>a</li><li>b</li></ul>", "<ul><li>a</li></ul><ul><li>b</li></ul>"),
        ("<blockquote><p>a</p><p>b</p></blockquote>",
         "<blockquote><p>a</p></blockquote><blockquote><p>b</p></blockquote>"),
        ("<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>",
         "<table><tbody><tr><td>a</td></tr><tr><td>b</td></tr></tbody></table>"),
    ],
)  # fmt: skip
def test_what_is_split_in_two_or_joined_is_a_change(together, apart):
    for before, after in [(together, apart), (apart, together)]:
        rows = compare(before, after)

        assert [row.kind for row in rows] == ["same", "deleted", "inserted"]
        assert before_texts(rows) == after_texts(rows)


# Inside of blocks ############################################################


@pytest.mark.parametrize(
    ("markup", "written"),
    [
        ("a <strong>b</strong> c", "a *b* c"),
        ("a <em>b</em> c", "a _b_ c"),
        ("H<sub>2</sub>O", "H_(2)O"),
        ("10<sup>3</sup>", "10^(3)"),
        ('<a href="/x?a=1&amp;b=2" rel="noopener">a</a>!', "a (/x?a=1&b=2)!"),
        ('Ring <span data-contact="phone-3"></span>.', "Ring [phone-3]."),
        ("Via Esempio<br>Roma", "Via Esempio\nRoma"),
        ("1 &lt; 2 &amp; 3&nbsp;m", "1 < 2 & 3\xa0m"),
    ],
)
def test_what_is_inside_a_paragraph_is_written_with_signs(markup, written):
    assert shown(f"<p>{markup}</p>") == [("text", written)]


def test_words_that_become_bold_are_a_change():
    before, after = "<p>Take one a day.</p>", "<p>Take <strong>one</strong> a day.</p>"

    assert lines(before, after) == [
        ("changed", "text", "Take one a day.", "Take {+*+}one{+*+} a day.")
    ]


def test_another_address_behind_the_same_words_is_a_change():
    before = '<p>See <a href="https://a.example/x">here</a>.</p>'
    after = '<p>See <a href="https://a.example/y">here</a>.</p>'

    assert lines(before, after) == [
        ("changed", "text", "See here (https://a.example/[-x-]).",
         "See here (https://a.example/{+y+}).")
    ]  # fmt: skip


def test_a_contact_card_is_a_block():
    before = '<aside data-contact="phone-3"></aside>'

    assert lines(before, before.replace("3", "4")) == [
        ("changed", "contact", "[-[phone-3]-]", "{+[phone-4]+}")
    ]


def test_the_number_of_a_care_card_is_the_last_of_its_blocks():
    before = CARE.replace('">', '" data-contact="phone-3">', 1)

    assert lines(before, before.replace("phone-3", "phone-4")) == [
        ("same", "urgent", "# Ring", "# Ring"),
        ("same", "urgent", "Today.", "Today."),
        ("changed", "urgent", "[-[phone-3]-]", "{+[phone-4]+}"),
    ]


@pytest.mark.parametrize(
    ("markup", "typed"),
    [
        ("<p><strong>a</strong></p>", "<p>*a*</p>"),
        ('<p><span data-contact="phone-3"></span></p>', "<p>[phone-3]</p>"),
        ("<aside><ul><li>a</li></ul></aside>", "<aside><p>• a</p></aside>"),
        ("<p>a<br>b</p>", "<p>a\nb</p>"),
        ('<p><a href="/x" rel="noopener">a</a></p>', "<p>a (/x)</p>"),
        ('<aside class="care" data-contact="phone-3"></aside>',
         '<aside class="care">[phone-3]</aside>'),
    ],
)  # fmt: skip
def test_a_sign_that_somebody_typed_is_not_the_same(markup, typed):
    rows = compare(markup, typed)

    assert [row.kind for row in rows] == ["deleted", "inserted"]
    assert before_texts(rows) == after_texts(rows)


# Whatever comes ##############################################################

WORDS = st.text(min_size=1, max_size=12) | st.sampled_from(["a", "a b", "b a.", "*a*"])
TAGS = st.sampled_from(
    ["p", "h2", "h3", "ul><li", "ol><li", 'ol start="4"><li', "blockquote",
     "blockquote><p", "table><tbody><tr><td", "table><tbody><tr><th", "aside",
     'aside class="callout callout--ask"', 'aside class="care care--urgent"><p',
     "p><strong", "p><em", 'p><a href="/x"', "ul><li><ul><li", "aside><h2"]
)  # fmt: skip


def block(tags, words):
    closing = "".join(f"</{tag.split()[0]}>" for tag in reversed(tags.split("><")))
    return f"<{tags}>{html.escape(words)}{closing}"


BLOCKS = st.lists(st.tuples(TAGS, WORDS), max_size=6)
# Tags in any order, open and closed: the sanitiser makes a body of them.
HEAPS = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<h2>", "</h2>", "<h3>", "<ul>", "<ol>", "</ul>", "</ol>",
         "<li>", "</li>", "<table>", "<tr>", "<td>", "<th>", "</table>", "<aside>",
         '<aside class="care">', '<aside class="care" data-contact="phone-2">',
         "</aside>", "<blockquote>", "</blockquote>", "<strong>", "</strong>", "<em>",
         "</em>", '<a href="/x">', "</a>", "<br>", "<sub>", "</sub>", "a", "b ", " ",
         '<span data-contact="phone-1"></span>', '<aside data-contact="email-1">']
    ),
    max_size=14,
)  # fmt: skip


def body(blocks):
    return "".join(block(tags, words) for tags, words in blocks)


KINDS = {
    "same": ({"same"}, {"same"}),
    "changed": ({"same", "deleted"}, {"same", "inserted"}),
    "deleted": ({"deleted"}, set()),
    "inserted": (set(), {"inserted"}),
}


def assert_well_formed(rows):
    for row in rows:
        before = {piece.kind for piece in row.before}
        after = {piece.kind for piece in row.after}
        assert row.label in LABELS
        assert before <= KINDS[row.kind][0]
        assert after <= KINDS[row.kind][1]
        if row.kind == "changed":
            assert before | after != {"same"}


@given(st.text(max_size=40), st.text(max_size=40))
@settings(derandomised, max_examples=400)
def test_both_texts_can_be_put_together_again(before, after):
    old, new = compare_words(before, after)

    assert (text(old), text(new)) == (before, after)
    assert {piece.kind for piece in old} <= {"same", "deleted"}
    assert {piece.kind for piece in new} <= {"same", "inserted"}
    assert all(piece.text for piece in old + new)
    for side in (old, new):
        assert all(a.kind != b.kind for a, b in zip(side, side[1:], strict=False))
    assert kept(old) == kept(new)


@given(st.text(min_size=1, max_size=30), st.data())
@settings(derandomised, max_examples=400)
def test_no_character_of_a_title_changes_unseen(title, data):
    place = data.draw(st.integers(0, len(title) - 1))
    other = data.draw(st.characters() | st.just(""))
    changed = title[:place] + other + title[place + 1 :]

    old, new = compare_words(title, changed)

    is_marked = any(piece.kind != "same" for piece in old + new)
    assert is_marked is (changed != title)


@given(BLOCKS, BLOCKS)
@settings(derandomised, max_examples=400)
def test_the_blocks_of_both_bodies_are_all_there_and_in_order(before, after):
    before, after = body(before), body(after)

    rows = compare(before, after)

    assert_well_formed(rows)
    assert before_texts(rows) == [written for _label, written in shown(before)]
    assert after_texts(rows) == [written for _label, written in shown(after)]


@given(BLOCKS.filter(bool), st.data())
@settings(derandomised, max_examples=400)
def test_no_character_of_a_body_changes_unseen(blocks, data):
    changed = list(blocks)
    number = data.draw(st.integers(0, len(blocks) - 1))
    tags, words = blocks[number]
    place = data.draw(st.integers(0, len(words) - 1))
    other = data.draw(st.characters() | st.just(""))
    changed[number] = (tags, words[:place] + other + words[place + 1 :])

    rows = compare(body(blocks), body(changed))

    assert is_same(rows) is (blocks == changed)


@given(HEAPS, HEAPS, st.integers(0, 14))
@settings(derandomised, max_examples=800)
def test_only_equal_bodies_are_the_same(heap, other, place):
    before = sanitise("".join(heap))
    similar = sanitise("".join(heap[:place] + other[:1] + heap[place + 1 :]))

    for after in (before, similar, sanitise("".join(other))):
        rows = compare(before, after)

        assert_well_formed(rows)
        # What stands between blocks is no text.
        without_gaps = [re.sub("(?<=>) (?=<)", "", body) for body in (before, after)]
        if is_same(rows):
            assert without_gaps[0] == without_gaps[1]
        else:
            assert before != after


# What is too much ############################################################


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a " * 100_000, "a x " * 50_000),
        ("a x " * 3000, "a " * 6000),
        ("a" * 200_000, "b" * 200_000),
        (" " * 100_000 + "." * 100_000, "." * 200_000),
        ("1," * 100_000, "1" * 200_000),
    ],
)
def test_the_longest_text_comes_back_whole(before, after):
    old, new = compare_words(before, after)

    assert (text(old), text(new)) == (before, after)


def paragraphs(*words):
    return "".join(f"<p>{word}</p>" for word in words)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["a"] * 20_000, ["b"] * 20_000),
        (["a"] * 20_000, ["a", "b"] * 10_000),
        (["a"] * 20_000, ["a"] * 19_999),
        ([f"a {n}" for n in range(3000)], [f"b {n}" for n in range(3000)]),
        (["a " * 100_000], ["a x " * 50_000]),
        (["a " * 300 + "z"] * 300, ["a x " * 300] * 300),
    ],
    ids=["other", "mixed", "shorter", "pairs", "one", "many"],
)
def test_the_longest_body_comes_back_whole(before, after):
    rows = compare(paragraphs(*before), paragraphs(*after))

    assert before_texts(rows) == before
    assert after_texts(rows) == after
    assert is_same(rows) is False


def test_one_change_in_the_longest_body_is_found():
    before = paragraphs(*["a"] * 20_000)

    rows = compare(before, before.replace("<p>a</p>", "<p>b</p>", 1))

    assert [row.kind for row in rows if row.kind != "same"] == ["changed"]


def test_the_deepest_body_is_read():
    deep = sanitise("<blockquote><ul><li><aside><table><tr><td>" * 30 + "a")

    assert text(compare(deep, deep)[-1].after).endswith("a")


def test_what_no_sanitiser_has_seen_loses_no_word():
    rows = compare("</p><li>a</ul><b>b<p>c", "<td><img src=x>a</h2>&amp;&lt")

    assert_well_formed(rows)
    assert re.findall(r"\w", "".join(before_texts(rows))) == ["a", "b", "c"]
    assert re.findall(r"\w|&|<", "".join(after_texts(rows))) == ["a", "&", "<"]

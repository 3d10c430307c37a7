"""The style sheet that is sent says what its sources say."""

from tests.clinic.test_static import SHEETS, SOURCE, joined

# The rules as a browser has understood them, without the space it keeps in values.
UNDERSTOOD = """text => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return [...sheet.cssRules].map(rule => rule.cssText.replace(/([,:])\\s+/g, "$1"));
}"""
INDENTED = "list => parseFloat(getComputedStyle(list).paddingInlineStart)"


def test_a_browser_reads_the_same_rules_in_the_small_sheet(browse):
    page = browse(1280)
    page.goto("/")
    *sheets, printed = ((SOURCE / f"{name}.css").read_text() for name in SHEETS)
    source = f"@layer {', '.join(SHEETS)};{''.join(sheets)}@media print {{{printed}}}"

    written = page.evaluate(UNDERSTOOD, source)

    assert len(written) == len(SHEETS) + 1
    assert page.evaluate(UNDERSTOOD, joined()) == written


def test_lists_of_an_article_have_their_marks(browse):
    page = browse(320)
    page.goto("/articles/liver-metastases/")
    lists = page.locator(".prose ul:not([class])").all()

    assert lists
    for found in lists:
        assert found.evaluate(INDENTED) > 0
        assert found.evaluate("list => getComputedStyle(list).listStyleType") == "disc"

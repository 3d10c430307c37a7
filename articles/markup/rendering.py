"""The way to the page: headings to link to, tables that stack, boxes."""

import re
from collections import Counter
from dataclasses import dataclass

from django.utils.text import slugify
from selectolax.lexbor import LexborNode

from articles.markup.structure import care_kind, children, tree


@dataclass(frozen=True)
class Heading:
    """An entry of the contents list."""

    id: str
    text: str


@dataclass(frozen=True)
class Rendered:
    """A body as it stands on the page, and its second-level headings."""

    html: str
    headings: list[Heading]


def render(body: str) -> Rendered:
    """Prepare a sanitised body for the page.

    Headings get ids to link to, tables their header cells, call-outs their class.
    References and care cards stay places that ``with_contacts`` fills in later.
    """
    root = tree(body)
    name_care_titles(root)
    headings = [
        Heading(name_heading(node, number), " ".join(node.text().split()))
        for number, node in enumerate(
            (node for node in root.css("h2") if not is_care_title(node)), 1
        )
    ]
    for title in root.css("aside h2, aside h3"):
        if not is_care_title(title):
            title.attrs["class"] = "callout__title"
    for table in root.css("table"):
        mark_table(table)
    html = with_boxes(root.inner_html or "")
    return Rendered(html, [heading for heading in headings if heading.text])


def name_heading(node: LexborNode, number: int) -> str:
    """Give the heading an id that no other part of the page has."""
    # The beginning is enough, and all that a slug can bear: see ``clinic.accents``.
    slug = slugify(node.text()[:200])[:30].rstrip("-")
    node.attrs["id"] = f"{slug or 'part'}-{number}"
    return node.attrs["id"] or ""


def name_care_titles(root: LexborNode) -> None:
    """Make the first heading of each care card its title."""
    seen: Counter[str] = Counter()
    for aside in root.css("aside"):
        kind = kind_of(aside)
        titles = [node for node in children(aside) if node.tag in {"h2", "h3"}]
        if kind and titles and not is_inside_care(aside):
            seen[kind] += 1
            # The id of any other heading is a slug, which has no two hyphens.
            again = f"--{seen[kind]}" if seen[kind] > 1 else ""
            titles[0].attrs["id"] = f"care-{kind}{again}"
            titles[0].attrs["class"] = "care__title"


def kind_of(node: LexborNode) -> str | None:
    """Say which care card a node is, if any."""
    return care_kind(f'class="{node.attrs.get("class")}"')


def is_care_title(node: LexborNode) -> bool:
    return node.attrs.get("class") == "care__title"


def is_inside_care(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag == "aside" and kind_of(parent):
            return True
        parent = parent.parent
    return False


def with_boxes(html: str) -> str:
    """Write call-outs, contact cards and care cards as boxes of the page.

    Call-outs are no landmark each: a page with five would have five.
    """
    ends: list[str] = []

    def replace(tag: re.Match[str]) -> str:
        if tag[0] == "</aside>":
            return ends.pop()
        attributes = tag[1] or ""
        if care_kind(attributes) and "</section>" not in ends:
            ends.append("</section>")
            return f"<section{attributes}>"
        ends.append("</div>")
        if "data-contact" in attributes and not care_kind(attributes):
            return f"<div{attributes}>"
        ask = " callout--ask" if "callout--ask" in attributes else ""
        return f'<div class="callout{ask} flow">'

    return re.sub(r"</aside>|<aside( [^>]*)?>", replace, html)


def mark_table(table: LexborNode) -> None:
    """Say which cells are headers, and repeat them for the stacked form on phones."""
    table.attrs["class"] = "table"
    # Stacked cells are blocks, and browsers then forget that this is a table: the
    # roles say so again.
    table.attrs["role"] = "table"
    for part in children(table):
        if part.tag in {"thead", "tbody"}:
            part.attrs["role"] = "rowgroup"
    # Not ``table.css("tr")``: the rows of a table inside a cell are its own.
    rows = [
        row
        for part in children(table)
        for row in ([part] if part.tag == "tr" else children(part))
        if row.tag == "tr"
    ]
    if not rows:
        return
    header = [cell for cell in children(rows[0]) if cell.tag in {"td", "th"}]
    has_header = len(header) > 0 and all(cell.tag == "th" for cell in header)
    if has_header:
        rows[0].attrs["class"] = "table__header"
        rows[0].attrs["role"] = "row"
        for cell in header:
            cell.attrs["scope"] = "col"
            cell.attrs["role"] = "columnheader"
    labels = [" ".join(cell.text().split()) for cell in header]
    for row in rows[1:] if has_header else rows:
        row.attrs["role"] = "row"
        cells = [cell for cell in children(row) if cell.tag in {"td", "th"}]
        for position, cell in enumerate(cells):
            cell.attrs["role"] = "rowheader" if cell.tag == "th" else "cell"
            if cell.tag == "th":
                cell.attrs["scope"] = "row"
            elif has_header and position < len(labels) and len(cells) == len(labels):
                cell.attrs["data-label"] = labels[position]

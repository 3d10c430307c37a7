"""What an article leads to: the links of its text, its sources, its picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from selectolax.lexbor import LexborNode

from articles.markup.structure import tree
from articles.markup.writing import sentences_in
from articles.models.link import Kind, LinkPlace
from clinic.addresses import absolute

Part = LinkPlace.Part
BLOCKS = {"p", "li", "td", "th", "h2", "h3", "h4", "caption", "blockquote", "aside"}


@dataclass(frozen=True)
class Found:
    """One link, the part of the article that it stands in, and its sentence."""

    kind: Kind
    address: str
    part: Part
    sentence: str


def links_of(content: Any, sources: list[dict[str, str]]) -> Iterator[Found]:
    """Return all that an edition or a working copy leads to."""
    yield from links_in(content.body, content.language)
    for source in sources:
        yield from links_from(source)
    if content.picture_id:
        # Named by its number: the file's address differs from storage to storage.
        yield Found(
            Kind.PICTURE,
            str(content.picture_id),
            Part.PICTURE,
            content.picture_alt or content.picture_caption,
        )


def links_in(body: str, language: str) -> Iterator[Found]:
    """Return the links of a sanitised text that lead to pages, each with its sentence.

    Telephone numbers and places on the same page are none.
    """
    for link in tree(body).css("a[href]"):
        address = str(link.attributes["href"] or "")
        kind = kind_of(address)
        if kind:
            sentence = sentence_of(link, language)
            yield Found(kind, without_place(address), Part.BODY, sentence)


def links_from(source: dict[str, str]) -> Iterator[Found]:
    """Return where a source is found, under each of its names."""
    title = source["title"]
    kind = kind_of(source["url"])
    if kind:
        yield Found(kind, without_place(source["url"]), Part.SOURCE, title)
    if source["doi"]:
        yield Found(
            Kind.DOI, f"https://doi.org/{quote(source['doi'])}", Part.SOURCE, title
        )
    if source["pmid"]:
        yield Found(
            Kind.PMID,
            f"https://pubmed.ncbi.nlm.nih.gov/{source['pmid']}/",
            Part.SOURCE,
            title,
        )


def kind_of(address: str) -> Kind | None:
    """Say what a link leads to, None if it is no page."""
    if address.startswith("/"):
        return Kind.PAGE
    try:
        parts = urlsplit(address)
    except ValueError:
        return Kind.WEB  # asking will tell
    if parts.scheme not in {"http", "https"}:
        return None
    if parts.netloc in {"doi.org", "dx.doi.org", "www.doi.org"}:
        return Kind.DOI
    if parts.netloc == "pubmed.ncbi.nlm.nih.gov":
        return Kind.PMID  # a source may be there under its number as well
    return Kind.PAGE if parts.netloc == urlsplit(absolute("/")).netloc else Kind.WEB


def without_place(address: str) -> str:
    return address.partition("#")[0]


def sentence_of(link: LexborNode, language: str) -> str:
    """Return the sentence in which a link stands, with single spaces."""
    block: LexborNode | None = link
    while block is not None and block.tag not in BLOCKS:
        block = block.parent
    words = " ".join(link.text().split())
    whole = " ".join((block or link).text().split())
    sentences = [one for one in sentences_in(whole, language) if words in one]
    return (sentences or [whole])[0][: LinkPlace.LONGEST_SENTENCE]

"""Two editions of a text side by side: what was taken away, what was put in.

``compare`` reads two sanitised bodies block by block, ``compare_words`` plain texts.
Two blocks are the same if their HTML is, not if their signs are: a star that somebody
typed is no bold. Where signs and label cannot tell two blocks apart, the old one is
shown as deleted and the new one as inserted. Not compared are how many columns and rows
a cell spans, white space between blocks, and numbers that moved because an item of the
list came or went.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from articles.markup.comparison.blocks import (
    BOXES,
    LABELS,
    TOKEN,
    Block,
    blocks,
    is_word,
)
from articles.markup.comparison.sequences import Effort, runs

__all__ = ["BOXES", "LABELS", "Piece", "Row", "compare", "compare_words", "is_same"]


@dataclass(frozen=True)
class Piece:
    """A run of words of one kind: "same", "deleted" or "inserted"."""

    kind: str
    text: str


@dataclass(frozen=True)
class Row:
    """A block as it was and as it is: "same", "changed", "deleted" or "inserted"."""

    kind: str
    label: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


def compare(before: str, after: str) -> list[Row]:
    """Set two sanitised bodies side by side."""
    effort = Effort()
    rows: list[Row] = []
    neighbours = True
    for old, new in aligned(blocks(before), blocks(after), effort):
        if old and new:
            # One box split in two, say, with every word in its place.
            rejoined = neighbours and old.joint != new.joint
            rows += rows_of(old, new, effort, rejoined=rejoined)
        elif old:
            rows.append(deleted(old))
        elif new:
            rows.append(inserted(new))
        neighbours = bool(old and new)
    return rows


def compare_words(
    before: str, after: str
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Mark the words that differ between two plain texts."""
    return pieces(before, after, Effort())


def is_same(rows: Sequence[Row]) -> bool:
    return all(row.kind == "same" for row in rows)


# Blocks beside blocks ########################################################

Pair = tuple[Block | None, Block | None]
# From this share of common words on, two blocks are editions of one another.
ALIKE = 0.4
# Better side by side than one below the other, but behind any real likeness.
OF_ONE_SORT = 0.001


def aligned(
    old: Sequence[Block], new: Sequence[Block], effort: Effort
) -> Iterator[Pair]:
    """Put every block beside the one that it became, or beside nothing."""
    keys = [block.key for block in old], [block.key for block in new]
    for same, i, j in runs(*keys, effort):
        if same:
            yield from zip(old[i], new[j], strict=True)
        else:
            yield from paired(old[i], new[j], effort)


def paired(
    old: Sequence[Block], new: Sequence[Block], effort: Effort
) -> Iterator[Pair]:
    """Put blocks that differ beside each other, in order, the likest first."""
    done_old = done_new = 0
    for i, j in likest(old, new, effort):
        yield from ((block, None) for block in old[done_old:i])
        yield from ((None, block) for block in new[done_new:j])
        yield old[i], new[j]
        done_old, done_new = i + 1, j + 1
    yield from ((block, None) for block in old[done_old:])
    yield from ((None, block) for block in new[done_new:])


def likest(
    old: Sequence[Block], new: Sequence[Block], effort: Effort
) -> Iterator[tuple[int, int]]:
    """Choose pairs in order so that their likeness is the greatest in sum.

    Of thousands that all differ there are too many to choose from: then none.
    """
    words = sum(len(block.bag) for block in old)
    if not effort.allows(len(new) * (words + 20 * len(old))):
        return
    scores = [[likeness(a, b) for b in new] for a in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(
                best[i + 1][j], best[i][j + 1], scores[i][j] + best[i + 1][j + 1]
            )
    i = j = 0
    while i < len(old) and j < len(new):
        if scores[i][j] and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def likeness(old: Block, new: Block) -> float:
    """Return the share of words that two blocks have in common."""
    if old.label != new.label:
        return 0
    words = old.bag.total() + new.bag.total()
    common = (old.bag & new.bag).total()
    return max(OF_ONE_SORT, 2 * common / words if words else 0)


def rows_of(old: Block, new: Block, effort: Effort, *, rejoined: bool) -> list[Row]:
    """Show two blocks that stand beside each other."""
    if old.key == new.key and not rejoined:
        return [Row("same", old.label, whole("same", old), whole("same", new))]
    if old.text == new.text:
        return [deleted(old), inserted(new)]
    if likeness(old, new) < ALIKE:
        sides = whole("deleted", old), whole("inserted", new)
    else:
        sides = pieces(old.text, new.text, effort)
    return [Row("changed", old.label, *sides)]


def deleted(block: Block) -> Row:
    return Row("deleted", block.label, whole("deleted", block), ())


def inserted(block: Block) -> Row:
    return Row("inserted", block.label, (), whole("inserted", block))


def whole(kind: str, block: Block) -> tuple[Piece, ...]:
    return (Piece(kind, block.text),) if block.text else ()


# Words beside words ##########################################################


def is_filling(token: str) -> bool:
    """Say whether a token is too common to tell which words belong together."""
    return not is_word(token)


def pieces(
    before: str, after: str, effort: Effort
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    left: list[Piece] = []
    right: list[Piece] = []
    for same, i, j in runs(old, new, effort, is_filling):
        add(left, "same" if same else "deleted", "".join(old[i]))
        add(right, "same" if same else "inserted", "".join(new[j]))
    return tuple(left), tuple(right)


def add(side: list[Piece], kind: str, text: str) -> None:
    """Append the text, to the last piece if that is of the same kind."""
    if side and side[-1].kind == kind:
        text = side.pop().text + text
    if text:
        side.append(Piece(kind, text))

"""Two sequences side by side, in bounded time."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from itertools import accumulate

Run = tuple[bool, slice, slice]


@dataclass
class Effort:
    """What one comparison may still spend, in steps of about a tenth of a microsecond.

    A limit on length would not do: two texts that repeat one word a thousand times take
    longer than two books.
    """

    left: int = 20_000_000

    def allows(self, steps: int) -> bool:
        """Spend the steps, unless they are too many."""
        allowed = steps <= self.left
        self.left -= steps if allowed else 0
        return allowed


class Matcher(SequenceMatcher[str]):
    """Find what is equal, as long as that does not take too long.

    What it has no time to look at is different to it.
    """

    def __init__(
        self,
        old: Sequence[str],
        new: Sequence[str],
        effort: Effort,
        is_junk: Callable[[str], bool] | None,
    ) -> None:
        super().__init__(is_junk, old, new, autojunk=False)
        self.effort = effort
        # Each token is compared with every equal one on the other side.
        telling = Counter(token for token in new if not (is_junk and is_junk(token)))
        steps = (1 + telling[token] for token in old)
        self.steps = [0, *accumulate(steps)]

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        end = len(self.steps) - 1 if ahi is None else ahi
        if not self.effort.allows(self.steps[end] - self.steps[alo]):
            return Match(alo, blo, 0)
        return super().find_longest_match(alo, ahi, blo, bhi)


def runs(
    old: Sequence[str],
    new: Sequence[str],
    effort: Effort,
    is_junk: Callable[[str], bool] | None = None,
) -> Iterator[Run]:
    """Divide two sequences into runs that are the same and runs that differ."""
    head = shared(old, new)
    tail = shared(old[head:][::-1], new[head:][::-1])
    end_old, end_new = len(old) - tail, len(new) - tail
    matcher = Matcher(old[head:end_old], new[head:end_new], effort, is_junk)
    yield True, slice(0, head), slice(0, head)
    for kind, i, i_end, j, j_end in matcher.get_opcodes():
        yield (
            kind == "equal",
            slice(head + i, head + i_end),
            slice(head + j, head + j_end),
        )
    yield True, slice(end_old, len(old)), slice(end_new, len(new))


def shared(old: Sequence[str], new: Sequence[str]) -> int:
    """Count the equal tokens that both sequences begin with."""
    differs = (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    return next(differs, min(len(old), len(new)))

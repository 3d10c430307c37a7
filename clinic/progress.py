"""A bar on a terminal; a log gets nothing but the results."""

from __future__ import annotations

from typing import Any

WIDTH = 30


def bar(done: int, total: int) -> str:
    """Return how far it is as a bar of WIDTH signs."""
    full = WIDTH * done // total
    return "#" * full + "." * (WIDTH - full)


class Progress:
    """Shows how much of a step is done; ``total`` is in whatever ``add`` is told."""

    def __init__(self, stdout: Any = None) -> None:
        self.stdout = stdout if stdout and stdout.isatty() else None
        self.label, self.total, self.done, self.shown = "", 0, 0, -1

    def begin(self, label: str, total: int) -> None:
        self.end()
        self.label, self.total, self.done, self.shown = label, max(total, 1), 0, -1
        self.add(0)

    def add(self, count: int) -> None:
        self.done += count
        percent = min(100 * self.done // self.total, 100) if self.total else 0
        if self.stdout and self.label and percent != self.shown:
            self.shown = percent
            drawn = bar(percent, 100)
            self.stdout.write(f"\r[{drawn}] {percent:3} % {self.label}", ending="")
            self.stdout.flush()

    def end(self) -> None:
        if self.stdout and self.label:
            self.done = 0
            self.add(self.total)
            self.stdout.write("")
        self.label = ""

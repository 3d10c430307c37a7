"""Counting what readers ask for in vain.

Most answers come from memory, so the edge has to count. It never waits for the
database: counts are gathered, and a thread writes them down once a minute. Nothing of
whoever asked is kept, neither here nor there.
"""

import logging
import threading
from collections.abc import Callable

from django.db import connections

logger = logging.getLogger("clinic.edge")

# How often a name was counted, and the last detail about it ("" for none).
Counted = dict[str, tuple[int, str]]
# What a process remembers between two writings; further names wait for the next.
MOST = 300
SECONDS = 60
# What answers may ask to be counted as, and who writes that down.
writers: dict[str, Callable[[Counted], None]] = {}


class Counts:
    """Counts by name, up to so many, until ``write`` is given them."""

    def __init__(self, write: Callable[[Counted], None]) -> None:
        self.write = write
        self.counts: Counted = {}
        self.lock = threading.Lock()

    def add(self, name: str, detail: str = "") -> None:
        """Count a name once more."""
        with self.lock:
            is_first = not self.counts
            count, known = self.counts.get(name, (0, ""))
            if count or len(self.counts) < MOST:
                self.counts[name] = count + 1, detail or known
        if is_first:
            later(self.flush)

    def flush(self) -> None:
        """Write down what was counted. What cannot be written is forgotten."""
        with self.lock:
            counts, self.counts = self.counts, {}
        if not counts:
            return
        try:
            self.write(counts)
        except Exception:  # nobody's answer may depend on it
            logger.exception("What was not found could not be counted.")


def later(work: Callable[[], None]) -> None:
    """Do it in a minute, in a thread that nobody waits for."""
    timer = threading.Timer(SECONDS, in_a_thread, [work])
    timer.daemon = True
    timer.start()


def in_a_thread(work: Callable[[], None]) -> None:
    """Do it, and leave no connection behind."""
    try:
        work()
    finally:
        connections.close_all()

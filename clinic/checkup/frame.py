"""How a checkup is put together: small functions that yield findings.

An app has its checks in its module (or package) ``checkup``, which ``manage.py doctor``
loads and nothing else does::

    @check("Pictures", needs_database=True)
    def pictures() -> Iterator[Finding]:
        yield fine("12 pictures, every file is there.")
        yield error("2 files are missing.", remedy="Restore them from a backup.")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How bad a finding is; the worst of all is the exit code of ``doctor``."""

    FINE = 0
    WARNING = 1  # nothing is lost yet
    ERROR = 2  # something is broken, lost or open to others


@dataclass(frozen=True)
class Finding:
    """What was found, in a sentence, and what to do about it, in another."""

    severity: Severity
    what: str
    remedy: str = ""


def fine(what: str) -> Finding:
    return Finding(Severity.FINE, what)


def warning(what: str, *, remedy: str) -> Finding:
    return Finding(Severity.WARNING, what, remedy)


def error(what: str, *, remedy: str) -> Finding:
    return Finding(Severity.ERROR, what, remedy)


Look = Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class Check:
    """A named part of the checkup."""

    name: str
    look: Look
    needs_database: bool = False

    def findings(self) -> list[Finding]:
        """Look; a check that breaks is a finding itself and stops no other."""
        found: list[Finding] = []
        try:
            found.extend(self.look())
        except Exception as problem:  # whatever it is, the others must be told too
            told = f"{type(problem).__name__}: {problem}".splitlines()[0]
            broken = f"This could not be checked ({told})."
            found.append(error(broken, remedy="Mend what is said above, look again."))
        return found


# In the order in which they are told.
checks: list[Check] = []


def check(name: str, *, needs_database: bool = False) -> Callable[[Look], Look]:
    """Make a function a part of the checkup.

    With ``needs_database`` it is left out while the database does not answer, which
    is told once.
    """

    def add(look: Look) -> Look:
        checks.append(Check(name, look, needs_database))
        return look

    return add


def run(answers: Callable[[], bool]) -> Iterator[tuple[str, Finding]]:
    """Do every check and tell its name with each finding, as soon as it is there.

    ``answers`` says whether the database does.
    """
    is_there = answers()
    for part in checks:
        if part.needs_database and not is_there:
            continue
        for finding in part.findings():
            yield part.name, finding

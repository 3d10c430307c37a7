"""Whether the database is kept where it can last, and holds what it was given."""

from collections.abc import Iterable, Iterator

from clinic import integrity, start
from clinic.checkup.frame import Finding, check, error, fine, warning


def told(findings: Iterable[integrity.Finding]) -> Iterator[Finding]:
    for found in findings:
        tell = error if found.is_fatal else warning
        yield tell(found.sentence, remedy=found.remedy)


@check("Place and journal of the database")
def place() -> Iterator[Finding]:
    yield fine(start.ground())
    path = integrity.path_of()
    if path is not None:
        yield from told(integrity.of_place(path))
        yield from told(integrity.of_log(path))
        # What else is wrong with the file is told by the checks of the database.
        found = integrity.of_file(path)
        yield from told(one for one in found if not one.is_fatal)


@check("What belongs together", needs_database=True)
def rows() -> Iterator[Finding]:
    """Read every row of the articles, and compare editions with their digests."""
    found = list(integrity.of_rows())
    yield from told(found)
    if not found:
        yield fine("Every edition is as it was published.")

"""Whether the jobs that are worth having once a day do run."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.utils import timezone

from clinic import jobs
from clinic.checkup.frame import Finding, check, fine, warning

# A job of every day may be late once.
LATE = timedelta(days=2)

# The name of the command, and whether it is wanted here.
expected: dict[str, Callable[[], bool]] = {"tidy": lambda: True}


@check("Jobs")
def daily() -> Iterator[Finding]:
    for name, is_wanted in expected.items():
        if not is_wanted():
            continue
        last = jobs.last(name)
        told = f"manage.py {name} last ended on {last:%Y-%m-%d}" if last else ""
        if last and timezone.now() - last <= LATE:
            yield fine(f"{told}.")
        else:
            yield warning(
                f"{told}, {(timezone.now() - last).days} days ago."
                if last
                else f"manage.py {name} has never come to its end.",
                remedy="Run it once a day by a timer, see the README; its output tells "
                "what keeps it.",
            )

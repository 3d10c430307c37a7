"""Make what the search knows anew, for a restored or repaired database."""

from typing import Any

from django.core.management.base import BaseCommand

from articles.search import index

BAR = 30


class Command(BaseCommand):
    help = (
        "Makes the search's index anew. The portal may run meanwhile; if it is "
        "stopped, run it again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        index.clear()
        total = index.pending().count()
        done = 0
        for count in index.catch_up():
            done += count
            part = min(done / total, 1)
            bar = ("█" * round(part * BAR)).ljust(BAR, "░")
            self.stdout.write(f"{bar} {done:,} of {total:,} articles", ending="\r")
        self.stdout.write(f"The search knows {done:,} articles.".ljust(BAR + 30))

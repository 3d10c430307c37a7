"""Check what articles lead to; run it once a day, or by hand."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count

from articles.links import checking
from articles.links.web import Web
from articles.models import Link
from articles.models.link import LinkState
from clinic import jobs
from clinic.progress import bar

DAYS = 7


class Command(BaseCommand):
    help = (
        "Checks the links, sources and pictures of what readers see. It can be stopped "
        "and run again: what was checked in the last days is not asked for again."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--drafts", action="store_true", help="Check working copies as well."
        )
        parser.add_argument(
            "--all", action="store_true", help="Check everything, however new."
        )
        parser.add_argument(
            "--days",
            type=int,
            default=DAYS,
            help=f"Check again what was checked so many days ago (default {DAYS}).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        web = self.web()
        try:
            checking.gather(drafts=options["drafts"])
            days = 0 if options["all"] else options["days"]
            links = list(checking.in_turn(checking.due(checking.since(days))))
            for number, link in enumerate(links, 1):
                self.show(number, len(links))
                checking.check(link, web)
        except KeyboardInterrupt:
            self.stdout.write("\nStopped. Run it again, and it goes on from here.")
            return
        jobs.done("check_links")
        self.tell()

    def web(self) -> Web:
        return Web(checking.agent())

    def show(self, number: int, count: int) -> None:
        """Draw a bar on a terminal; a log gets the end alone."""
        if self.stdout.isatty():
            drawn, end = bar(number, count), "\n" if number == count else ""
            self.stdout.write(f"\r[{drawn}] {number} of {count}{end}", ending="")

    def tell(self) -> None:
        counts = dict(
            Link.objects.order_by().values_list("state").annotate(Count("pk"))
        )
        told = [
            f"{LinkState(state).label}: {count}"
            for state, count in sorted(counts.items())
        ]
        self.stdout.write(", ".join(told) or "There are no links.")

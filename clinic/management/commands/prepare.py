from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import integrity


class Command(BaseCommand):
    help = (
        "Brings database, static files and error pages to this release; run it before "
        "a release serves. The release before it goes on reading meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--first",
            action="store_true",
            help="Begin a new portal: make its database where there is none.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_a_lost_database(is_first=options["first"])
        verbosity = options["verbosity"]
        call_command("migrate", verbosity=verbosity, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("write_error_pages")


def refuse_a_lost_database(*, is_first: bool) -> None:
    """Raise CommandError where a SQLite file is missing or empty.

    The disk may not be mounted, or somebody has deleted it: a portal that has lost
    everything would look like a new one, and be backed up as one.
    """
    path = integrity.path_of()
    if path is None or is_first:
        return
    for finding in integrity.of_file(path):
        if finding.code in {"database.missing", "database.empty"}:
            raise CommandError(str(finding))

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from clinic import integrity
from clinic.faults import Fault, fault_of


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
        refuse_what_is_wrong(is_first=options["first"])
        verbosity = options["verbosity"]
        try:
            call_command("migrate", verbosity=verbosity, interactive=False)
            call_command("collectstatic", verbosity=0, interactive=False)
            call_command("write_error_pages")
        except (DatabaseError, OSError) as error:
            fault = fault_of(error)
            # What looks like damage here may be a mistake in a migration.
            if fault in {None, Fault.DAMAGED}:
                raise
            raise CommandError(f"{fault.value} ({error})") from error


def refuse_what_is_wrong(*, is_first: bool) -> None:
    """Raise CommandError for what keeps a server from starting and is not mended here.

    Of a SQLite file that is missing the disk may not be mounted: a portal that has lost
    everything would look like a new one, and be backed up as one.
    """
    mended = {"database.older"}
    if is_first or integrity.path_of() is None:
        mended |= {"database.missing", "database.empty"}
    for finding in integrity.before_start():
        if finding.is_fatal and finding.code not in mended:
            raise CommandError(str(finding))

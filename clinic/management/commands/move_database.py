"""Move the portal into another database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.backup import BackupError, databases, moving, restoring
from clinic.backup.work import work_folder
from clinic.progress import Progress


class Command(BaseCommand):
    help = (
        "Copies everything into another database, compares both sides, row by row and "
        "page by page, and says which setting to change. Stop the portal before."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--to",
            required=True,
            metavar="URL",
            help="As DATABASE_URL: postgres://user:password@host/name, or sqlite:////…",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        progress = Progress(self.stdout)
        try:
            config = databases.at(options["to"])
            if databases.is_own(config):
                raise BackupError("That is the portal's database already.")
            with work_folder() as folder:
                moved = moving.move(config, folder, restoring.aside_folder(), progress)
        except BackupError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. The portal is where it was.") from None
        self.stdout.write(
            f"Equal on both sides: {moved.tables} tables with {moved.rows:,} rows, and "
            f"{moved.pages} pages, byte for byte."
        )
        if moved.kept:
            self.stdout.write(f"What was there before is kept: {moved.kept}.")
        self.stdout.write("Now set DATABASE_URL to that address and start the portal.")

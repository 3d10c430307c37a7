"""Put a backup back."""

from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from clinic.backup import BackupError, databases, restoring, targets
from clinic.backup.encryption import Key
from clinic.backup.making import Plan
from clinic.backup.restoring import Backup
from clinic.backup.work import work_folder
from clinic.progress import Progress


class Command(BaseCommand):
    help = (
        "Puts a backup back, into SQLite or PostgreSQL. It is looked through first, "
        "and what it replaces is kept. If it is stopped, run it again."
    )
    # The database may be missing or damaged: that is why this is run.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "backup",
            nargs="?",
            help="A file, or the name of one at BACKUP_URL; without it: list them.",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="Put it back into a temporary place only, and compare everything.",
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask.")
        parser.add_argument(
            "--key", metavar="FILE", help="The key, if it is not BACKUP_KEY_FILE."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = Plan.configured()
            if options["backup"] is None:
                self.list(plan)
                return
            key = Key(Path(options["key"])) if options["key"] else plan.key
            with work_folder() as folder:
                path = self.find(plan, options["backup"], folder)
                if options["check"]:
                    self.try_out(path, key, folder)
                else:
                    self.restore(path, key, folder, asks=not options["yes"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Run it again to begin anew.") from None

    def list(self, plan: Plan) -> None:
        names = plan.place.names()
        self.stdout.write("\n".join(names) or f"There are no backups in {plan.place}.")
        if names:
            self.stdout.write(f"Put one back: manage.py restore {names[-1]}")

    def find(self, plan: Plan, name: str, folder: Path) -> Path:
        """Return where it can be read; raise BackupError if there is none."""
        path = Path(name)
        if path.is_file():
            return path
        if name not in plan.place.names():
            raise BackupError(
                f"There is no backup {name}, neither here nor in {plan.place}."
            )
        return plan.place.get(name, folder)

    def try_out(self, path: Path, key: Key | None, folder: Path) -> None:
        progress = Progress(self.stdout)
        result = restoring.try_out(path, path.name, key, folder, progress)
        progress.end()
        self.stdout.write(
            f"{path.name} is good: {result.rows:,} rows and {result.files:,} files, "
            f"put back in {result.seconds:.1f} s."
        )

    def restore(self, path: Path, key: Key | None, folder: Path, *, asks: bool) -> None:
        progress = Progress(self.stdout)
        backup = Backup.look_through(path, key, folder, progress)
        progress.end()
        manifest = backup.manifest
        self.stdout.write(
            f"{path.name} was made at {manifest.made_at} by version {manifest.portal}: "
            f"{manifest.rows:,} rows, {len(manifest.media):,} files."
        )
        if asks and input("Replace what the portal has now? [yes/no] ") != "yes":
            raise CommandError("Nothing was changed.")
        aside = restoring.aside_folder()
        to = targets.target(databases.own())
        done = restoring.restore(backup, to, default_storage, aside, progress)
        call_command("write_error_pages")
        self.stdout.write(
            f"Put back in {done.seconds:.1f} s: every row and file is equal."
        )
        if done.database_kept:
            self.stdout.write(
                f"The database from before is kept: {done.database_kept}."
            )
        if done.files_kept:
            self.stdout.write(f"Pictures from before are kept in {aside / 'media'}.")

"""Make a backup; meant to run once a night."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.backup import BackupError, encryption, making, record, restoring
from clinic.backup.making import Plan
from clinic.backup.work import megabytes, work_folder
from clinic.progress import Progress


class Command(BaseCommand):
    help = (
        "Writes database and pictures into one file while the portal runs on. Of older "
        "ones stay all of the last day, then one for each of 7 days, 4 weeks and 12 "
        "months (BACKUP_KEEP)."
    )
    # A portal in need of repair needs a backup first.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--verify",
            action="store_true",
            help="Put it back into a temporary place and compare every row and file.",
        )
        parser.add_argument(
            "--new-key",
            metavar="FILE",
            help="Write a key for BACKUP_KEY_FILE, and make no backup.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["new_key"]:
                self.make_key(options["new_key"])
            else:
                self.make(verify=options["verify"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. The backups made before are there.") from None

    def make_key(self, path: str) -> None:
        public = encryption.make_key(Path(path))
        self.stdout.write(
            f"{path} opens the backups that are closed with it, and nothing else does: "
            f"keep a copy away from this machine. Its public half is {public}."
        )

    def make(self, *, verify: bool) -> None:
        progress = Progress(self.stdout)
        plan = Plan.configured()
        with work_folder() as folder:
            made = making.make(plan, folder, progress)
            manifest = made.manifest
            self.stdout.write(
                f"{made.name}: {manifest.rows:,} rows, {len(manifest.media):,} files, "
                f"{megabytes(made.size)} MB, in {plan.place}."
            )
            if manifest.left_out:
                self.stdout.write(f"Left out: {', '.join(manifest.left_out)}.")
            # Nights on which the trial fails, or is killed, must not fill the disk; but
            # where none was ever proved to be good, a new one pushes out no other.
            is_safe = not verify or making.last_good(plan)
            gone = making.rotate(plan) if is_safe else []
            if verify:
                self.verify(plan, made.name, folder, progress)
                gone += making.rotate(plan)
        if gone:
            self.stdout.write(f"Deleted, for they have had their time: {len(gone)}.")

    def verify(self, plan: Plan, name: str, folder: Any, progress: Progress) -> None:
        path = plan.place.get(name, folder)
        result = restoring.try_out(path, name, plan.key, folder, progress)
        progress.end()
        record.remember(result)
        self.stdout.write(
            f"Verified: put back in {result.seconds:.1f} s, every row and file is "
            "equal."
        )

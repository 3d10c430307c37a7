"""Compare the files of pictures with what the database says of them."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from clinic import media, pictures


class Command(BaseCommand):
    help = (
        "Lists files of pictures that are missing or damaged, and folders that belong "
        "to no picture. Exit code: 0 all is well, 1 there are such folders only, 2 "
        "files are missing or damaged."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--remove-orphans",
            action="store_true",
            help="Delete folders that belong to no picture.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        faults = 0
        for fault in media.faults_of_pictures():
            faults += 1
            self.stdout.write(f"{fault.path}: {fault.what}")
        orphans = list(media.orphans())
        for orphan in orphans:
            if options["remove_orphans"]:
                pictures.discard(orphan.path.rpartition("/")[2])
            done = "removed" if options["remove_orphans"] else orphan.what
            self.stdout.write(f"{orphan.path}: {done}")
        left = 0 if options["remove_orphans"] else len(orphans)
        self.stdout.write(
            f"{faults} files missing or damaged, {left} folders of no picture."
        )
        if faults or left:
            sys.exit(2 if faults else 1)

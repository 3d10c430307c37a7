"""Delete what has been kept long enough; run it once a day."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.module_loading import autodiscover_modules

from clinic import jobs
from clinic.retention import everything


class Command(BaseCommand):
    help = (
        "Deletes what may not be kept any longer: ended sessions, searches in vain, "
        "missed addresses, old entries of the desk's log, forgotten temporary files, "
        "what a restore replaced long ago. "
        "It can be stopped and run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        autodiscover_modules("retention")
        counts = {}
        for kept in everything():
            counts[kept.name] = kept.forget()
            if options["verbosity"] > 1:
                self.stdout.write(f"{kept.name}: {counts[kept.name]}")
        jobs.done("tidy")
        gone = [f"{name} {count}" for name, count in counts.items() if count]
        self.stdout.write(f"Deleted: {', '.join(gone)}." if gone else "All is tidy.")

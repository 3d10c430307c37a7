from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic import error_pages


class Command(BaseCommand):
    help = "Writes the page for server errors; run it after each upgrade."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            error_pages.write()
        except OSError as error:
            raise CommandError(
                f"{error.filename} cannot be written ({error.strerror})."
            ) from None

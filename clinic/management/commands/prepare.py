from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = (
        "Brings database, static files and error pages to this release; run it before "
        "a release serves. The release before it goes on reading meanwhile."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        verbosity = options["verbosity"]
        call_command("migrate", verbosity=verbosity, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("write_error_pages")

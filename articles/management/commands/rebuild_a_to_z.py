"""Write the index of the A to Z anew from what is published."""

from typing import Any

from django.core.management.base import BaseCommand

from articles.models import Headword


class Command(BaseCommand):
    help = "Writes the index of the A to Z anew from what is published."

    def handle(self, *args: Any, **options: Any) -> None:
        count = Headword.objects.rebuild()
        self.stdout.write(f"The A to Z has {count} words.")

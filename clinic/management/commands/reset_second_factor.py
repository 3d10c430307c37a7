from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic import audit
from clinic.models import User
from clinic.signing_in import factors


class Command(BaseCommand):
    help = (
        "Forgets app, passkeys and recovery codes of an account and ends its sessions, "
        "for when nobody is left who could do it at the desk."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no account “{options['username']}”.")
        factors.reset(user)
        audit.record(None, "FACTOR_RESET", user)
        self.stdout.write("Done. The next sign-in sets up a new second factor.")

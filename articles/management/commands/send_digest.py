"""Tell everybody on staff by mail what waits for them; run it once a day."""

from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext, override

from articles import desk
from clinic import jobs
from clinic.addresses import absolute
from clinic.models import Practice, User


class Command(BaseCommand):
    help = (
        "Mails each member of staff what waits at the desk. Silent where nothing "
        "waits; run again on the same day it writes to nobody twice."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Print the mails, send nothing."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            for user in self.people():
                self.show(user)
            return
        if not settings.EMAIL_URL:
            raise CommandError(
                "No mail server is set: please set EMAIL_URL, see .env.example."
            )
        # A digest is of one day: the date is kept for each person, so that a command
        # that broke off goes on where it stopped.
        today = timezone.localdate()
        failed = [
            user.email
            for user in self.people().exclude(digest_sent_date=today)
            if not self.send(user)
        ]
        if failed:
            raise CommandError(
                f"Could not write to {', '.join(failed)}. Run the command again once "
                "the mail server answers: nobody gets a second mail."
            )
        jobs.done("send_digest")

    def people(self) -> Any:
        """Active staff with an address."""
        return User.objects.filter(is_active=True, is_staff=True).exclude(email="")

    def show(self, user: User) -> None:
        mail = digest(user)
        if mail:
            self.stdout.write(f"{user.email}: {mail.subject}\n\n{mail.body}\n")

    def send(self, user: User) -> bool:
        """Send the person's digest, if there is one; say whether it went well."""
        mail = digest(user)
        if mail is None:
            return True
        mail.connection = get_connection()
        try:
            mail.send()
        except (OSError, SMTPException, ValueError) as error:  # or a bad address
            self.stderr.write(f"{user.email}: {error}")
            return False
        User.objects.filter(pk=user.pk).update(digest_sent_date=timezone.localdate())
        return True


def digest(user: User) -> EmailMessage | None:
    """Write the mail in the person's language; None where nothing waits."""
    with override(user.language or settings.LANGUAGE_CODE):
        tasks = desk.waiting_for(user)
        if not tasks:
            return None
        lines = [(task.label, task.shown, absolute(task.url)) for task in tasks]
        name = Practice.objects.row().name or gettext("The practice")
        subject = gettext("%(practice)s: what waits at the desk") % {"practice": name}
        return EmailMessage(
            subject=" ".join(subject.split()),  # a header is one line
            body=render_to_string("articles/digest.txt", {"to": user, "lines": lines}),
            to=[user.email],
        )

"""A mail to whoever looks after the server when something breaks.

It holds the lines of the log: what broke and where in the code. Django's own such mail
would hold the request as well, with what was typed, cookies and addresses.
"""

import logging
import threading
import time
from collections.abc import Callable
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)

# What breaks breaks often: of each fault one mail an hour, of all together so many.
SECONDS = 3600
MOST = 10
END = "\n\nThe log of the server tells of every time. manage.py doctor looks for more."


def later(work: Callable[[], None]) -> None:
    """Do it in a thread that nobody waits for: a mail server may take its time."""
    threading.Thread(target=work, daemon=True).start()


class Handler(logging.Handler):
    """Mails records to ERROR_MAIL, each place in the code once an hour."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, float] = {}  # the place, and when

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self.is_news(place_of(record), time.monotonic()):
                text = self.format(record)
                later(lambda: send(text))
        except Exception:
            self.handleError(record)

    def is_news(self, place: str, now: float) -> bool:
        self.sent = {p: at for p, at in self.sent.items() if now - at < SECONDS}
        if place in self.sent or len(self.sent) >= MOST:
            return False
        self.sent[place] = now
        return True


def place_of(record: logging.LogRecord) -> str:
    """Return where in the code it happened; the deepest place of a traceback."""
    place = f"{record.pathname}:{record.lineno}"
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def send(text: str) -> None:
    """Send the mail; a failure is a line of the log, and no error that asks for one."""
    first = text.splitlines()[0]
    mail = EmailMessage(
        subject=f"Portal {settings.SITE_URL}: {first}"[:150],
        body=text + END,
        to=settings.ERROR_MAIL,
    )
    try:
        mail.send()
    except (OSError, SMTPException, ValueError) as error:
        logger.warning("No mail could be sent of an error: %s", error)

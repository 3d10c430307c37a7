"""What ``manage.py doctor`` looks at of the articles' part."""

from django.conf import settings

from clinic.checkup import timers

timers.expected |= {
    "check_links": lambda: True,
    "send_digest": lambda: bool(settings.EMAIL_URL),
}

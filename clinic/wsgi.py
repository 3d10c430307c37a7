"""The portal as a WSGI server serves it: the edge, and Django behind it."""

import os

from django import setup
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

setup()

from django.conf import settings  # noqa: E402

from clinic import start  # noqa: E402
from clinic.edge.wsgi import WSGIEdge  # noqa: E402  it needs the settings

start.check()
django = get_wsgi_application()

# Whoever changes templates wants to see them.
application = django if settings.DEBUG else WSGIEdge(django)

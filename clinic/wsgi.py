"""The portal as a WSGI server serves it: the edge, and Django behind it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

django = get_wsgi_application()

from django.conf import settings  # noqa: E402

from clinic.edge.wsgi import WSGIEdge  # noqa: E402  it needs the settings

# Whoever changes templates wants to see them.
application = django if settings.DEBUG else WSGIEdge(django)

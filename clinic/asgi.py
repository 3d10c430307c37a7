"""The portal as gunicorn's asgi worker serves it: the edge, and Django behind it."""

from clinic.edge.asgi import ASGIEdge
from clinic.wsgi import django

application = ASGIEdge(django)

"""The portal as gunicorn's asgi worker serves it: the edge, and Django behind it."""

from clinic.wsgi import django  # isort: skip  it sets Django up

from clinic.edge.asgi import ASGIEdge

application = ASGIEdge(django)

"""The edge: whole public answers, kept compressed, in front of Django.

A public page is the same bytes for everybody, so it is rendered once in a process and
epoch (``clinic.generation``) and sent from memory until then. ``kept`` holds one answer
and the memory for many, ``edge`` decides, ``wsgi`` and ``asgi`` speak to the server.
"""

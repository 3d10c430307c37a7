"""Every public page through the edge of a running portal: the bytes of Django's."""

import gzip
import hashlib
import http.client
import json
from urllib.parse import urlsplit

import brotli
import pytest

UNPACKED = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
# Runs beside the portal, with its database and files and without its edge.
ASK_DJANGO = """
import hashlib, json
from clinic.edge.edge import call, environ
from clinic.wsgi import django
from django.conf import settings
settings.SITE_URL = {address!r}
found = {{}}
for path in {paths}:
    key, host, scheme = path, "127.0.0.1", "http"
    response = call(django, environ(key, scheme, host))
    body = b"".join(response.chunks)
    found[path] = [int(response.status[:3]), hashlib.sha256(body).hexdigest()]
print(json.dumps(found))
"""


def ask(portal, path, **headers):
    """Return status, headers and the bytes as they came."""
    connection = http.client.HTTPConnection(urlsplit(portal.address).netloc, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def kept(pages):
    """The addresses whose answers the edge keeps."""
    return [
        path
        for path, (status, headers, _text) in pages.items()
        if "public" in headers.get("Cache-Control", "") and status != 302
    ]


def test_nearly_every_public_answer_is_kept(pages, kept):
    assert set(pages) - set(kept) == {
        path
        for path, (status, _headers, _text) in pages.items()
        if path == "/healthz" or status == 302
    }


def test_every_page_is_the_same_from_the_edge_and_from_django(portal, kept):
    """But for the order of the policy's parts: that is a header, and none of these."""
    django = json.loads(
        portal.run(ASK_DJANGO.format(paths=kept, address=portal.address))
    )
    for path in kept:
        for encoding, unpacked in UNPACKED.items():
            accept = {"Accept-Encoding": encoding or "identity"}
            status, headers, body = ask(portal, path, **accept)
            digest = hashlib.sha256(unpacked(body)).hexdigest()
            assert [status, digest] == django[path], (path, encoding)
            packed = headers.get("Content-Encoding")
            assert packed == (encoding if headers["Vary"] else None), path


def test_a_repeated_visit_is_one_304(portal, kept):
    for path in kept:
        status, headers, _body = ask(portal, path, **{"Accept-Encoding": "br"})
        if status == 200:
            again = {"Accept-Encoding": "br", "If-None-Match": headers["ETag"]}
            assert ask(portal, path, **again)[0] == 304, path


def test_an_article_needs_itself_one_style_sheet_and_pictures(browse, portal):
    page = browse(320)
    asked = []
    page.on("request", lambda request: asked.append(request))
    page.goto("/articles/liver-metastases/", wait_until="networkidle")
    pictures = (".svg", ".png", ".avif")
    needed = [r.resource_type for r in asked if not r.url.endswith(pictures)]

    assert needed == ["document", "stylesheet"]

"""The bare server: an application that sends one answer from memory, whatever is asked.

It sends the bytes and headers that the portal sends for an article, so what it costs is
what the server costs.
"""

import json
import os
from pathlib import Path

_answer = json.loads(Path(os.environ["BARE_ANSWER"]).read_text())
_headers = [tuple(pair) for pair in _answer["headers"]]
_raw = [(name.lower().encode(), value.encode()) for name, value in _headers]
_body = bytes.fromhex(_answer["body"])


def wsgi(environ, start_response):
    start_response("200 OK", _headers)
    return [_body]


async def asgi(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": _raw})
    await send({"type": "http.response.body", "body": _body})

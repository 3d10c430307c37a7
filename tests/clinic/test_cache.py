"""The cache may go at any time: the portal goes on without it."""

import logging

import pytest
from django.core.cache import caches
from redis.exceptions import ConnectionError as NoConnection

from clinic.cache import PAUSE_SECONDS, Client


@pytest.fixture
def gone(settings, monkeypatch):
    """A cache at which nobody is listening."""
    settings.CACHES = {
        "default": {
            "BACKEND": "clinic.cache.Cache",
            "LOCATION": "redis://portal:secret@127.0.0.1:1/0",
        }
    }
    monkeypatch.setattr(Client, "asked_again", 0)
    return caches["default"]


def test_while_nobody_answers_it_is_empty(gone):
    gone.set("a", 1)
    gone.set_many({"b": 2})

    assert gone.get("a") is None
    assert gone.get("a", "else") == "else"
    assert gone.get_many(["a", "b"]) == {}
    assert gone.has_key("a") is False
    assert gone.add("a", 1) is False
    assert gone.touch("a") is False
    assert gone.delete("a") is False
    assert gone.delete_many(["a", "b"]) is None
    assert gone.get_or_set("a", "made") == "made"
    assert gone.clear() is False
    with pytest.raises(ValueError, match="not found"):
        gone.incr("a")


def test_one_line_of_the_log_says_so_without_the_password(gone, caplog):
    with caplog.at_level(logging.WARNING):
        for _time in range(9):
            gone.get("a")

    assert [record.getMessage() for record in caplog.records] == [
        "CACHE_URL: ConnectionError; going on without."
    ]


def test_it_is_asked_again_after_a_pause_and_not_before(gone, monkeypatch):
    asked, now = [], [1000.0]

    def get(self, key, default):
        asked.append(now[0])
        raise NoConnection

    monkeypatch.setattr(Client.__bases__[0], "get", get)
    monkeypatch.setattr("clinic.cache.time.monotonic", lambda: now[0])
    for now[0] in (1000, 1001, 1000 + PAUSE_SECONDS - 0.1, 1000 + PAUSE_SECONDS):
        gone.get("a")

    assert asked == [1000, 1000 + PAUSE_SECONDS]

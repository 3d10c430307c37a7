"""Redis or Valkey as Django's cache: used while it is there, done without while not.

Imported only where CACHE_URL is set: its package is one of the optional ones.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger("clinic.cache")

# A healthy one answers within a millisecond.
TIMEOUT_SECONDS = 1
# So long nobody asks one that did not answer: else each request would wait for it.
PAUSE_SECONDS = 5


class Client(RedisCacheClient):
    """Django's client of Redis, to which nothing is known while nobody answers."""

    asked_again: ClassVar[float] = 0  # on the monotonic clock, for all threads

    def __init__(self, servers: list[str]) -> None:
        super().__init__(
            servers,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            # Once more, for a connection that the server has closed meanwhile.
            retry=Retry(NoBackoff(), 1),
        )

    def attempt(self, ask: Callable[..., Any], otherwise: Any, *given: Any) -> Any:
        """Return what the server says, or ``otherwise`` while it says nothing."""
        if time.monotonic() < Client.asked_again:
            return otherwise
        try:
            return ask(*given)
        except RedisError as error:
            Client.asked_again = time.monotonic() + PAUSE_SECONDS
            # Without the error's text: it may hold the address with its password.
            logger.warning("CACHE_URL: %s; going on without.", type(error).__name__)
            return otherwise

    def add(self, *given: Any) -> bool:
        return self.attempt(super().add, False, *given)

    def get(self, key: Any, default: Any) -> Any:
        return self.attempt(super().get, default, key, default)

    def set(self, *given: Any) -> None:
        self.attempt(super().set, None, *given)

    def touch(self, *given: Any) -> bool:
        return self.attempt(super().touch, False, *given)

    def delete(self, *given: Any) -> bool:
        return self.attempt(super().delete, False, *given)

    def get_many(self, *given: Any) -> dict[Any, Any]:
        return self.attempt(super().get_many, {}, *given)

    def has_key(self, *given: Any) -> bool:
        return self.attempt(super().has_key, False, *given)

    def incr(self, key: Any, delta: int) -> int:
        found = self.attempt(super().incr, None, key, delta)
        if found is None:
            raise ValueError(f"Key '{key}' not found.")  # as Django's callers expect
        return found

    def set_many(self, *given: Any) -> None:
        self.attempt(super().set_many, None, *given)

    def delete_many(self, *given: Any) -> None:
        self.attempt(super().delete_many, None, *given)

    def clear(self) -> bool:
        return self.attempt(super().clear, False)


class Cache(RedisCache):
    """Django's cache on it. Keep nothing here that can be wrong when it comes back."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client

"""Pictures in S3-compatible storage, which visitors still get from this site.

Imported only where MEDIA_STORAGE_URL is set: its packages are among the optional ones.
Where it lies and who may write there is told to it as to every tool for S3, by
AWS_ENDPOINT_URL, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile, File
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage

# A file never changes, so a copy is right as long as it exists; what somebody deletes
# while another fetches it may stay that long.
NEAR_SECONDS = 3600


@contextmanager
def as_of_a_disk() -> Iterator[None]:
    """Raise OSError for whatever fails out there, as a disk would."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise OSError(f"MEDIA_STORAGE_URL: {error}") from error


class Storage(S3Storage):
    """A bucket, or a folder of it; read through the cache where CACHE_URL names one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **options,
            # Names are random, so nothing is ever overwritten, nor asked for before.
            file_overwrite=True,
            client_config=Config(
                connect_timeout=3,
                read_timeout=10,
                retries={"total_max_attempts": 2},
                # What others than Amazon may not know is not asked of them.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def url(self, name: str, *args: Any, **options: Any) -> str:
        """Return an address of this site: no page leads to another for a picture."""
        return urljoin(settings.MEDIA_URL, filepath_to_uri(name) or "")

    def _open(self, name: str, mode: str = "rb") -> File:
        found = cache.get(near(name)) if settings.CACHE_URL else None
        if found is None:
            with as_of_a_disk(), super()._open(name, mode) as file:
                found = file.read()
            if settings.CACHE_URL:
                cache.set(near(name), found, NEAR_SECONDS)
        return ContentFile(found, name)

    def _save(self, name: str, content: File) -> str:
        with as_of_a_disk():
            return super()._save(name, content)

    def delete(self, name: str) -> None:
        with as_of_a_disk():
            super().delete(name)
        if settings.CACHE_URL:
            cache.delete(near(name))

    def exists(self, name: str) -> bool:
        with as_of_a_disk():
            return super().exists(name)

    def size(self, name: str) -> int:
        with as_of_a_disk():
            return super().size(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with as_of_a_disk():
            return super().listdir(path)


def near(name: str) -> str:
    """Return under what the cache keeps a file."""
    return f"media:{name}"

"""Backups in S3-compatible storage.

Imported only where BACKUP_URL asks for it: its packages are among the optional ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from clinic.backup import BackupError
from clinic.backup.places import backups_among


class Bucket:
    """A bucket; keys, region and endpoint come from the AWS_… variables."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url, self.bucket = url, parts.netloc
        self.prefix = f"{parts.path.strip('/')}/".lstrip("/")
        with self.asked():
            self.client = boto3.client("s3")

    def __str__(self) -> str:
        return self.url

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Say in one sentence what the service said, or that it said nothing."""
        try:
            yield
        except (Boto3Error, BotoCoreError, ClientError) as error:
            raise BackupError(f"{self.url} cannot be used: {error}") from error

    def names(self) -> list[str]:
        with self.asked():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix
            )
            return backups_among(
                found["Key"].removeprefix(self.prefix)
                for page in pages
                for found in page.get("Contents", [])
            )

    def put(self, path: Path, name: str) -> None:
        size, key = path.stat().st_size, self.prefix + name
        with self.asked():
            self.client.upload_file(str(path), self.bucket, key)
            there = self.client.head_object(Bucket=self.bucket, Key=key)
        if there["ContentLength"] != size:
            raise BackupError(f"{name} has not arrived whole at {self.url}.")

    def get(self, name: str, folder: Path) -> Path:
        path = folder / name
        with self.asked():
            self.client.download_file(self.bucket, self.prefix + name, str(path))
        return path

    def delete(self, name: str) -> None:
        with self.asked():
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)

"""Pictures in S3-compatible storage: the same for readers, nothing half stored."""

import logging
import re

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.cache import cache
from django.core.files.storage import default_storage
from moto import mock_aws

from clinic import pictures
from clinic.models import Picture
from clinic.storage import Storage
from tests.conftest import upload


@pytest.fixture
def bucket(settings, monkeypatch):
    """A bucket in the place of the folder; nothing leaves this process."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "portal",
        "AWS_SECRET_ACCESS_KEY": "only for tests",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        bucket = boto3.resource("s3").Bucket("pictures")
        bucket.create()
        settings.STORAGES = settings.STORAGES | {
            "default": {
                "BACKEND": "clinic.storage.Storage",
                "OPTIONS": {"bucket_name": "pictures", "location": "portal"},
            }
        }
        yield bucket


def names(bucket):
    return sorted(found.key for found in bucket.objects.all())


def is_down(*args, **options):
    raise EndpointConnectionError(endpoint_url="https://storage.example.org")


@pytest.fixture
def picture(bucket, db):
    return Picture.objects.create_from_upload(upload())


def test_every_width_lies_in_the_folder_of_the_bucket(bucket, picture):
    assert names(bucket) == sorted(
        f"portal/pictures/{picture.key}/{width}.{extension}"
        for width in (320, 640, 800)
        for extension in ("avif", "jpg")
    )


def test_its_address_is_one_of_this_site(picture):
    assert picture.src == f"/media/pictures/{picture.key}/800.jpg"


def test_readers_get_it_with_the_headers_of_every_picture(client, media, picture):
    response = client.get(picture.src)
    body = b"".join(response.streaming_content)

    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert body[:2] == b"\xff\xd8"
    assert int(response["Content-Length"]) == len(body)
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert not media.exists()


def test_a_deleted_picture_is_gone_from_the_bucket(
    bucket, client, picture, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        picture.delete()

    assert names(bucket) == []
    assert client.get(picture.src).status_code == 404


def test_a_missing_object_is_a_missing_picture_and_no_error(bucket, client, picture):
    bucket.objects.all().delete()

    assert client.get(picture.src).status_code == 404
    with pytest.raises(FileNotFoundError):
        default_storage.open("pictures/none/320.jpg")


@pytest.mark.parametrize("stored", [0, 1, 3])
def test_a_failing_upload_leaves_no_object_and_no_row(bucket, db, monkeypatch, stored):
    save, calls = Storage.__bases__[0]._save, []

    def fails_later(self, name, content):
        calls.append(name)
        return is_down() if len(calls) > stored else save(self, name, content)

    monkeypatch.setattr(Storage.__bases__[0], "_save", fails_later)

    with pytest.raises(OSError, match="MEDIA_STORAGE_URL"):
        Picture.objects.create_from_upload(upload())

    assert len(calls) == stored + 1
    assert names(bucket) == []
    assert not Picture.objects.exists()


def test_what_cannot_be_removed_after_a_failure_is_in_the_log(
    bucket, db, monkeypatch, caplog
):
    monkeypatch.setattr(Storage.__bases__[0], "_save", is_down)
    monkeypatch.setattr(Storage.__bases__[0], "listdir", is_down)

    with caplog.at_level(logging.ERROR), pytest.raises(OSError, match="storage.exam"):
        Picture.objects.create_from_upload(upload())

    (line,) = {record.getMessage() for record in caplog.records}
    assert re.match(r"Files of no picture stay behind in pictures/\w{32}: ", line)
    assert not Picture.objects.exists()


# The cache ###################################################################


@pytest.fixture
def near(settings):
    settings.CACHE_URL = "redis://example.org"  # the tests' own cache is in memory
    yield
    cache.clear()


def test_with_a_cache_a_picture_is_fetched_once(near, client, picture, monkeypatch):
    first = b"".join(client.get(picture.src).streaming_content)
    monkeypatch.setattr(Storage.__bases__[0], "_open", is_down)

    assert b"".join(client.get(picture.src).streaming_content) == first


def test_what_is_deleted_is_gone_from_the_cache_too(near, client, picture):
    assert client.get(picture.src).status_code == 200

    pictures.discard(picture.key)

    assert client.get(picture.src).status_code == 404


def test_without_a_cache_nothing_is_kept_near(client, picture, bucket):
    assert client.get(picture.src).status_code == 200
    bucket.objects.all().delete()

    assert client.get(picture.src).status_code == 404

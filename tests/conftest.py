import io
import os
import shutil

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import translation
from PIL import Image

from tests import factories


@pytest.fixture(scope="session", autouse=True)
def data_dir():
    """Static files under their real, hashed names; everything gone at the end."""
    call_command("collectstatic", verbosity=0, interactive=False)
    yield
    shutil.rmtree(os.environ["DATA_DIR"], ignore_errors=True)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """A folder of pictures of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def language_restored():
    """A request leaves its language behind in the thread."""
    with translation.override("en"):
        yield


@pytest.fixture
def practice(db):
    """A practice with everything that pages show of one."""
    practice = factories.PracticeFactory(
        vat_number="IT00000000000", introduction=factories.both("Plain answers.")
    )
    factories.DoctorFactory()
    factories.PhoneFactory()
    factories.EmailFactory()
    factories.LocationFactory()
    factories.HoursFactory()
    return practice


@pytest.fixture
def staff(client, db):
    """The test client, signed in as somebody who may do everything."""
    client.force_login(factories.UserFactory())
    return client


def picture_bytes(format="JPEG", size=(800, 600), mode="RGB", **options):
    buffer = io.BytesIO()
    Image.new(mode, size, (200, 120, 80, 90)[: len(mode)]).save(
        buffer, format, **options
    )
    return buffer.getvalue()


def upload(content=None, name="photo.jpg", content_type="image/jpeg"):
    """A file as a browser sends it."""
    return SimpleUploadedFile(
        name, picture_bytes() if content is None else content, content_type
    )


def stored_files():
    """Every file of every picture that is stored now."""
    root = django_settings.MEDIA_ROOT
    return sorted(path for path in root.rglob("*") if path.is_file())

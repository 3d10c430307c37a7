"""Where backups are kept."""

import os
import shutil
import stat
import time
from io import StringIO
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from moto.server import ThreadedMotoServer

from clinic.backup import BackupError, media, places
from clinic.models import Practice, VerifiedBackup

NAME, LATER = "portal-20261127T020000Z.tar", "portal-20261128T020000Z.tar.age"


@pytest.fixture
def server(monkeypatch):
    """A server that speaks S3, with a bucket for backups and one for pictures."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    # What another server of this process held is there still.
    reset = Request(f"http://{host}:{port}/moto-api/reset", method="POST")
    urlopen(reset).close()
    for name in ("portal", "pictures"):
        places.place("s3://portal").client.create_bucket(Bucket=name)
    yield server
    server.stop()


@pytest.fixture
def passing(tmp_path):
    path = tmp_path / "passing"
    path.write_bytes(b"content")
    return path


def put_and_get(place, passing, folder):
    place.put(passing, NAME)
    passing.write_bytes(b"later")
    place.put(passing, LATER)
    assert place.names() == [NAME, LATER]
    assert place.get(NAME, folder).read_bytes() == b"content"
    place.delete(NAME)
    assert place.names() == [LATER]


def test_a_folder_keeps_them(tmp_path, passing):
    put_and_get(places.place(str(tmp_path / "a" / "b")), passing, tmp_path)


def test_a_bucket_keeps_them(server, tmp_path, passing):
    folder = tmp_path / "fetched"
    folder.mkdir()

    put_and_get(places.place("s3://portal/of/the/practice"), passing, folder)

    assert places.place("s3://portal/elsewhere").names() == []


def test_what_others_keep_there_is_not_theirs(tmp_path):
    for name in (NAME, "portal.tar", "portal-20261127T020000Z.tar.part", "x"):
        (tmp_path / name).touch()

    assert places.place(str(tmp_path)).names() == [NAME]


@pytest.fixture
def another_disk(passing, monkeypatch):
    """The backup is made on another disk than the one it is kept on."""
    renamed = Path.rename

    def rename(path, target):
        if path == passing:
            raise OSError("Invalid cross-device link")
        return renamed(path, target)

    monkeypatch.setattr(Path, "rename", rename)


@pytest.mark.usefixtures("another_disk")
def test_another_disk_gets_a_copy_in_one_step(tmp_path, passing):
    places.place(str(tmp_path / "b")).put(passing, NAME)

    assert os.listdir(tmp_path / "b") == [NAME]
    assert (tmp_path / "b" / NAME).read_bytes() == b"content"


@pytest.mark.usefixtures("another_disk", "careless")
def test_a_copy_is_closed_to_others_while_it_is_written(tmp_path, passing, monkeypatch):
    modes = []
    copy = shutil.copyfileobj

    def watched(source, target, *args):
        modes.append(stat.S_IMODE(os.fstat(target.fileno()).st_mode))
        copy(source, target, *args)

    monkeypatch.setattr(shutil, "copyfileobj", watched)

    places.place(str(tmp_path / "b")).put(passing, NAME)

    modes.append(stat.S_IMODE((tmp_path / "b" / NAME).stat().st_mode))
    assert modes == [0o600, 0o600]


@pytest.mark.usefixtures("another_disk")
def test_what_a_killed_copy_has_left_goes_with_the_next_one(tmp_path, passing):
    folder = tmp_path / "b"
    folder.mkdir()
    left, growing, foreign = (
        folder / f".{name}.part" for name in (NAME, LATER, "portal-mine")
    )
    for path, age in ((left, 7200), (growing, 60), (foreign, 7200)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age,) * 2)

    places.place(str(folder)).put(passing, NAME.replace("27", "29"))

    assert {path for path in folder.iterdir() if path.suffix == ".part"} == {
        growing,
        foreign,
    }


def test_a_folder_that_cannot_be_made_is_named(passing):
    with pytest.raises(BackupError, match=r"^The folder .* cannot be made"):
        places.place(str(passing / "below")).put(passing, NAME)


def test_a_file_that_arrives_cut_off_is_an_error(server, passing, monkeypatch):
    place = places.place("s3://portal")
    monkeypatch.setattr(place.client, "head_object", lambda **kw: {"ContentLength": 1})

    with pytest.raises(BackupError, match="has not arrived whole"):
        place.put(passing, NAME)


@pytest.mark.usefixtures("quick")
def test_a_backup_in_a_bucket_is_verified_and_put_back(server, site, settings):
    settings.BACKUP_URL = "s3://portal/backups"
    call_command("backup", verify=True, stdout=StringIO())
    (name,) = places.place(settings.BACKUP_URL).names()
    assert VerifiedBackup.objects.get().name == name
    assert site.backups == []
    Practice.objects.update(name="Changed since")

    call_command("restore", name, yes=True, stdout=StringIO())

    assert Practice.objects.get().name == "Dr. Test"


@pytest.mark.usefixtures("quick")
def test_pictures_in_a_bucket_are_put_back_too(server, site, settings):
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "clinic.storage.Storage",
            "OPTIONS": {"bucket_name": "pictures", "location": "portal"},
        }
    }
    for name in ("a/1.jpg", "a/2.jpg"):
        default_storage.save(name, ContentFile(name.encode()))
    call_command("backup", verify=True, stdout=StringIO())
    default_storage.delete("a/1.jpg")
    default_storage.save("a/2.jpg", ContentFile(b"another"))
    default_storage.save("b/3.jpg", ContentFile(b"new"))

    call_command("restore", site.backups[0].name, yes=True, stdout=StringIO())

    assert list(media.files(default_storage)) == ["a/1.jpg", "a/2.jpg"]
    for name in ("a/1.jpg", "a/2.jpg"):
        assert default_storage.open(name).read() == name.encode()
    (kept,) = site.folder.glob("before-*/media")
    assert (kept / "a/2.jpg").read_bytes() == b"another"
    assert (kept / "b/3.jpg").read_bytes() == b"new"


def test_a_bucket_that_does_not_answer_is_said_in_one_sentence(server, site, settings):
    settings.BACKUP_URL = "s3://nowhere/backups"

    with pytest.raises(CommandError, match=r"^s3://nowhere/backups cannot be used: "):
        call_command("backup", stdout=StringIO())

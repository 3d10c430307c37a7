"""Pictures against their files: what is missing, damaged, or of no picture."""

import os
import time
from io import StringIO

import pytest
from django.core.management import call_command
from selectolax.lexbor import LexborHTMLParser

from clinic import media
from clinic.checkup import media as checkup
from clinic.checkup.frame import Severity, fine
from clinic.media import Fault
from clinic.models import Picture
from tests import factories
from tests.conftest import picture_bytes, stored_files, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def picture():
    return Picture.objects.create_from_upload(upload(), is_drawing=False)


def file_of(picture, name, media):
    return media / "pictures" / picture.key / name


def test_what_is_whole_is_well(picture):
    Picture.objects.create_from_upload(upload(picture_bytes("PNG", mode="RGBA")))

    assert list(media.faults_of_pictures()) == []
    assert list(media.orphans()) == []
    assert list(checkup.pictures()) == [fine("All files of 2 pictures are there.")]


def damaged(content):
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("name", "change", "what"),
    [
        ("640.jpg", None, "missing"),
        ("320.avif", None, "missing"),
        ("640.jpg", damaged, "damaged"),
        ("640.jpg", lambda content: b"", "damaged"),
        ("640.avif", lambda content: b"<html>", "damaged"),
        ("320.jpg", lambda content: picture_bytes(size=(300, 200)), "damaged"),
    ],
)
def test_what_is_missing_or_damaged_is_found(picture, settings, name, change, what):
    path = file_of(picture, name, settings.MEDIA_ROOT)
    path.write_bytes(change(path.read_bytes())) if change else path.unlink()

    expected = Fault(f"pictures/{picture.key}/{name}", what)
    assert list(media.faults_of_pictures()) == [expected]
    (found,) = checkup.pictures()
    assert found.severity == Severity.ERROR
    assert f"{expected.path} ({what})" in found.what


@pytest.mark.parametrize(("hours", "is_found"), [(25, True), (23, False)])
def test_a_folder_of_no_picture_is_found_a_day_later(settings, hours, is_found):
    folder = settings.MEDIA_ROOT / "pictures" / ("a" * 32)
    folder.mkdir(parents=True)
    (folder / "320.jpg").write_bytes(b"x")
    os.utime(folder / "320.jpg", (then := time.time() - hours * 3600, then))

    found = list(media.orphans())

    assert found == ([Fault(f"pictures/{'a' * 32}", "of no picture")] * is_found)
    told = [finding.severity for finding in checkup.pictures()]
    assert told == [Severity.FINE] + [Severity.WARNING] * is_found


def check_media(**options):
    output = StringIO()
    try:
        call_command("check_media", stdout=output, **options)
    except SystemExit as end:
        return output.getvalue(), end.code
    return output.getvalue(), 0


def test_the_command_lists_everything_and_removes_what_it_is_told_to(picture, settings):
    file_of(picture, "320.jpg", settings.MEDIA_ROOT).unlink()
    folder = settings.MEDIA_ROOT / "pictures" / ("a" * 32)
    folder.mkdir()

    listed = check_media()
    removed = check_media(remove_orphans=True)

    lines = [f"pictures/{picture.key}/320.jpg: missing", f"pictures/{folder.name}: "]
    assert listed == (
        f"{lines[0]}\n{lines[1]}of no picture\n"
        "1 files missing or damaged, 1 folders of no picture.\n",
        2,
    )
    assert removed == (
        f"{lines[0]}\n{lines[1]}removed\n"
        "1 files missing or damaged, 0 folders of no picture.\n",
        2,
    )
    assert not folder.exists()
    assert len(stored_files()) == 5


def test_the_command_says_when_all_is_well(picture):
    sentence = "0 files missing or damaged, 0 folders of no picture.\n"
    assert check_media() == (sentence, 0)


# R12 #########################################################################


def test_r12_pages_stay_when_a_tenth_of_the_pictures_is_gone(
    client, practice, connection_kept
):
    """Each of 10 articles has a picture; the files of one of them are deleted."""
    doctor = factories.DoctorFactory(slug="ada")
    doctor.portrait = Picture.objects.create_from_upload(upload())
    doctor.save()
    for number in range(9):
        article = factories.ArticleFactory(
            slug=f"a-{number}",
            author=doctor,
            picture=Picture.objects.create_from_upload(upload()),
            picture_alt=f"A drawing of liver {number}",
        )
        factories.publish(article)
    whole = stored_files()
    lost = Picture.objects.get(pk=article.picture_id)
    gone = [path for path in whole if lost.key in path.parts]
    assert len(gone) == len(whole) // 10
    gone[0].write_bytes(b"")
    gone[1].write_bytes(gone[1].read_bytes()[:100])
    for path in gone[2:]:
        path.unlink()

    for address in (
        "/", "/articles/", "/articles/a-8/", f"/topics/{article.topic.slug}/",
        "/doctors/ada/", "/articles/feed.atom", "/articles/a-8/banner.png",
    ):  # fmt: skip
        assert client.get(address).status_code == 200, address
    page = LexborHTMLParser(client.get("/articles/a-8/").content)
    alts = [img.attributes["alt"] for img in page.css("main img")]
    assert "A drawing of liver 8" in alts
    for path in gone:
        answer = client.get(f"/media/pictures/{lost.key}/{path.name}")
        assert answer.status_code == (200 if path in gone[:2] else 404)
        answer.close()
    assert {fault.path.rpartition("/")[2] for fault in media.faults_of_pictures()} == {
        path.name for path in gone
    }


def test_r12_the_desk_stays_when_every_picture_is_gone(staff, picture):
    for path in stored_files():
        path.unlink()

    desk = "/admin/clinic/picture/"
    for address in (desk, f"{desk}{picture.pk}/change/"):
        assert staff.get(address).status_code == 200, address
    deleted = staff.post(f"{desk}{picture.pk}/delete/", {"post": "yes"})
    assert deleted.status_code == 302
    assert Picture.objects.count() == 0

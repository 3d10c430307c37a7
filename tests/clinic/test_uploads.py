"""What is sent to the desk as a picture (A13-A19, A22): nothing of it acts."""

import io
import json
import os
import re
import signal
import struct
import subprocess
import sys
import zlib
from base64 import b64encode
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.test import RequestFactory
from PIL import Image, PngImagePlugin

from clinic import pictures, uploads
from clinic.models import Picture
from clinic.uploads import Handler, Note, folder
from tests.clinic.test_admin import errors, fields
from tests.clinic.test_pictures import png_header, saved
from tests.conftest import picture_bytes, stored_files, upload

ROOT = Path(__file__).resolve().parents[2]
ADD = "/admin/clinic/picture/add/"


@pytest.fixture(autouse=True)
def incoming(settings, tmp_path):
    """A folder of the test's own for what is under way."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "incoming"
    return folder()


# A13: names ##################################################################

REFUSED_NAMES = [
    *(
        f"a.{extension}"
        for extension in (
            "html", "HTML", "htm", "svg", "SVG", "svgz", "xml", "shtml", "phtml", "php",
            "php5", "phar", "pdf", "eps", "ps", "swf", "gif", "tiff", "bmp", "heic",
            "mpeg", "hdf", "wmf", "js", "exe", "jp", "jpgx", "",
        )
    ),
    "a.jpg.html", "a.jpg.HTML", "a.png.php", "a.html.jpg", "a.PHP.jpg", "a.svg.png",
    "a.html%00.jpg", "a.jpg%00.html", "a.html\x00.jpg", "a.jpg.", "a.jpg..", "a.jpg ",
    "a.jpg. ", "a\u202egpj.exe", "a\u202eexe.jpg", "a\u2067lmth.jpg", ".htaccess", "a",
    "jpg", "", "a.jpg/", "a.jpg\\", "a.jpg::$DATA", "a.jpg;.html", "a.html;.php",
]  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_NAMES)
def test_a13_what_is_not_named_as_a_picture_is_refused(name):
    given = upload()
    given._name = name  # Django's own setter would have tidied it

    with pytest.raises(ValidationError) as refusal:
        pictures.render(given)

    assert refusal.value.code == "name"


# Django takes folders, NUL and marks of direction off a name that comes from outside.
@pytest.mark.parametrize(
    "name", ["a.svg", "a.jpg.HTML", "a.html%00.jpg", "a.jpg.", "a\u202egpj.exe", "a"]
)
@pytest.mark.django_db
def test_a13_the_form_says_so_and_keeps_what_was_typed(staff, name):
    response = staff.post(ADD, {"upload": upload(name=name), "name": "Typed"})

    assert errors(response) == [str(pictures.NOT_NAMED_SO)]
    assert fields(response)["name"] == "Typed"
    assert stored_files() == []


# A14: two files in one #######################################################

HTML = b"<html><body onload=alert(1)><script>alert('PAYLOAD')</script></body></html>"
SCRIPT = b"*/=1;alert('PAYLOAD');/*"
ZIP = (
    b"PK\x03\x04\x14\0\0\0\0\0PAYLOAD.php<?php system($_GET['x']); ?>PK\x05\x06"
    + bytes(18)
)
MARK = b"PAYLOAD"


def jpeg_segment(marker, payload):
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def png_chunk(name, payload):
    return (
        struct.pack(">I", len(payload))
        + name
        + payload
        + struct.pack(">I", zlib.crc32(name + payload))
    )


def behind_the_beginning(format, payload):
    """A picture with something in a segment or chunk that no decoder asks for."""
    content = picture_bytes(format)
    if format == "JPEG":
        return content[:2] + jpeg_segment(0xEF, payload) + content[2:]
    if format == "PNG":
        return content[:33] + png_chunk(b"evIl", payload) + content[33:]
    chunk = (
        b"EVIL" + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)
    )
    return (
        b"RIFF" + struct.pack("<I", len(content) - 8 + len(chunk)) + content[8:] + chunk
    )


def in_the_pixels(payload):
    """A PNG without compression: its pixels spell the payload."""
    rows = (b"\0" + payload.ljust(3 * 64, b" ")) * 64
    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


POLYGLOTS = [
    *(
        pytest.param(behind_the_beginning(format, payload), id=f"{format} {kind}")
        for format in ("JPEG", "PNG", "WEBP")
        for kind, payload in (("html", HTML), ("script", SCRIPT), ("zip", ZIP))
    ),
    *(
        pytest.param(picture_bytes(format) + payload, id=f"{format} tail {kind}")
        for format in ("JPEG", "PNG", "WEBP", "AVIF")
        for kind, payload in (("html", HTML), ("script", SCRIPT), ("zip", ZIP))
    ),
    *(
        pytest.param(in_the_pixels(payload), id=f"pixels {kind}")
        for kind, payload in (("html", HTML), ("script", SCRIPT), ("zip", ZIP))
    ),
]


@pytest.mark.parametrize("content", POLYGLOTS)
@pytest.mark.django_db
def test_a14_a_picture_that_is_something_else_too_is_a_picture_only(content):
    assert MARK in content

    Picture.objects.create_from_upload(upload(content))

    assert stored_files() != []
    for path in stored_files():
        stored = path.read_bytes()
        parts = (MARK, b"<script", b"PK\3\4", b"<?php")
        assert not any(part in stored for part in parts)


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a" + SCRIPT,
        saved(Image.new("P", (64, 64)), "GIF") + HTML,
        b"%PDF-1.7\n" + HTML + picture_bytes("PNG"),
        HTML + picture_bytes("JPEG"),
        ZIP + picture_bytes("PNG"),
        b"<svg xmlns='http://www.w3.org/2000/svg'><!--" + picture_bytes("JPEG"),
    ],
    ids=["GIF script", "GIF html", "PDF", "html", "zip", "svg"],
)
@pytest.mark.django_db
def test_a14_what_begins_as_something_else_is_refused(content):
    with pytest.raises(ValidationError):
        Picture.objects.create_from_upload(upload(content))

    assert stored_files() == []


# A15: the form's answer ######################################################


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xd8", os.urandom(1_000_000), picture_bytes("JPEG")[:900],
        b"%PDF-1.7 x", saved(Image.new("P", (64, 64)), "GIF"),
    ],
    ids=["empty", "two bytes", "any bytes", "half", "PDF", "GIF"],
)  # fmt: skip
@pytest.mark.django_db
def test_a15_what_is_no_picture_is_answered_with_a_sentence(staff, content):
    response = staff.post(ADD, {"upload": upload(content), "name": "Typed"})

    assert response.status_code == 200
    assert len(errors(response)) == 1
    assert fields(response)["name"] == "Typed"
    assert stored_files() == []


@pytest.mark.parametrize("format", ["WEBP", "PNG"])
def test_a15_of_ten_thousand_frames_one_is_decoded(format, monkeypatch):
    frames = [Image.new("L", (32, 32), shade) for shade in (0, 255)] * 5_000
    content = saved(
        frames[0], format, save_all=True, append_images=frames[1:], duration=20
    )
    with Image.open(io.BytesIO(content)) as image:
        assert image.n_frames == 10_000
    sought = []
    for kind in (Image.registered_extensions()[".webp"], "PNG"):
        opened = Image.OPEN[kind][0]
        monkeypatch.setattr(opened, "seek", lambda self, frame: sought.append(frame))

    renditions = pictures.render(upload(content))

    assert (renditions.width, sought) == (32, [])


# A16: what bursts ############################################################

# Runs in a process of its own: what counts is how much it grows. It is killed if a
# refusal takes a second of the processor's time.
REFUSE = """
import json, resource, signal, sys
from pathlib import Path
import django
django.setup()
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from clinic import pictures
def grown():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
paths = [Path(name) for name in sys.argv[2:]]
warm = SimpleUploadedFile("warm.jpg", Path(sys.argv[1]).read_bytes())
pictures.render(warm)
before, said = grown(), {}
for path in paths:
    bomb = SimpleUploadedFile("bomb.png", path.read_bytes())
    signal.setitimer(signal.ITIMER_PROF, 1)
    try:
        pictures.render(bomb)
        said[path.stem] = "taken"
    except ValidationError as refusal:
        said[path.stem] = refusal.code
    signal.setitimer(signal.ITIMER_PROF, 0)
print(json.dumps([said, grown() - before]))
"""


def zipped(size):
    return zlib.compress(bytes(size), 9)


def with_chunk(name, payload):
    content = picture_bytes("PNG", (64, 64))
    return content[:33] + png_chunk(name, payload) + content[33:]


def tiff(width, height, tile):
    """The directory of a TIFF in tiles of any size, and nothing behind it."""
    tags = [(256, width), (257, height), (258, 8), (259, 8), (262, 1), (322, tile),
            (323, tile), (324, 8), (325, 8)]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)


def jpeg2000(width, height):
    size = struct.pack(">HIIIIIIIIH", 0, width, height, 0, 0, width, height, 0, 0, 1)
    size = struct.pack(">H", len(size) + 5) + size + b"\7\1\1"
    return b"\xff\x4f\xff\x51" + size + b"\xff\xd9"


def scanned(times):
    """A small JPEG that has to be painted over many thousand times."""
    content = saved(Image.new("RGB", (6000, 6000)), "JPEG", progressive=True, quality=5)
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last * times + content[-2:]


def long_name(format):
    exif = Image.Exif()
    exif[0x010E] = "a" * 60_000
    return saved(Image.new("1", (13_000, 13_000)), format, exif=exif)


def claiming(format):
    """A small picture whose header claims to be as large as the format can say."""
    content = bytearray(picture_bytes(format, (64, 64)))
    if format == "JPEG":
        place = content.index(b"\xff\xc0") + 5
        content[place : place + 4] = struct.pack(">HH", 65_500, 65_500)
    elif format == "WEBP":
        content[26:30] = struct.pack("<HH", 16_383, 16_383)
    else:
        place = content.index(b"ispe") + 8
        content[place : place + 8] = struct.pack(">II", 30_000, 30_000)
    return bytes(content)


BOMBS = {
    "13000": ("pixels", lambda: saved(Image.new("1", (13_000, 13_000)))),
    "20000": ("pixels", lambda: png_header(20_000, 20_000)),
    "largest": ("pixels", lambda: png_header(2**31 - 1, 2**31 - 1)),
    "webp": ("pixels", lambda: claiming("WEBP")),
    "avif": ("invalid", lambda: claiming("AVIF")),
    "jpeg": ("pixels", lambda: claiming("JPEG")),
    "scans": ("invalid", lambda: scanned(10_000)),
    "exif": ("pixels", lambda: long_name("PNG")),
    "zTXt": ("invalid", lambda: with_chunk(b"zTXt", b"x\0\0" + zipped(10**8))),
    "iTXt": ("invalid", lambda: with_chunk(b"iTXt", b"x\0\1\0\0\0" + zipped(10**8))),
    "iCCP": ("invalid", lambda: with_chunk(b"iCCP", b"x\0\0" + zipped(10**8))),
    "tiff": ("invalid", lambda: tiff(100_000, 100_000, 65_536)),
    "jpeg2000": ("invalid", lambda: jpeg2000(60_000, 60_000)),
    "svg": (
        "invalid",
        lambda: (
            b"<!DOCTYPE x [<!ENTITY a 'aaaa'>"
            + b"".join(
                b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 20)
                for n in range(12)
            )
            + b"]><svg xmlns='http://www.w3.org/2000/svg'><text>&m;</text></svg>"
        ),
    ),
}


def test_a16_what_bursts_is_refused_at_once_and_costs_no_memory(tmp_path):
    (tmp_path / "warm").write_bytes(picture_bytes())
    for name, (_code, make) in BOMBS.items():
        (tmp_path / f"{name}.bomb").write_bytes(make())
    bombs = sorted(tmp_path.glob("*.bomb"))
    heaviest = max(path.stat().st_size for path in bombs)

    process = subprocess.run(
        [sys.executable, "-c", REFUSE, str(tmp_path / "warm"), *map(str, bombs)],
        cwd=ROOT,
        env=os.environ
        | {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "clinic.settings"},
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert process.returncode == 0, process.stderr
    said, grown = json.loads(process.stdout)
    assert said == {name: code for name, (code, _make) in BOMBS.items()}
    assert grown < 100
    assert heaviest < 4_000_000


# A17: what a photograph tells ################################################

CANARY = b"CANARY-41.9028"


def thumbnail():
    return saved(Image.new("RGB", (64, 48)), "JPEG", comment=CANARY)


def exif_with_thumbnail():
    """EXIF with a place, a description and a small picture of its own."""
    small, text = thumbnail(), CANARY + b"\0"
    # The first directory has two entries, the second two; what they hold stands behind.
    first, second = 8, 8 + 2 + 2 * 12 + 4
    behind = second + 2 + 2 * 12 + 4
    return (
        b"Exif\0\0II*\0"
        + struct.pack("<I", first)
        + b"".join(
            (
                struct.pack("<H", 2),
                struct.pack("<HHII", 0x010E, 2, len(text), behind),
                struct.pack("<HHII", 0x0112, 3, 1, 6),
                struct.pack("<I", second),
                struct.pack("<H", 2),
                struct.pack("<HHII", 0x0201, 4, 1, behind + len(text)),
                struct.pack("<HHII", 0x0202, 4, 1, len(small)),
                struct.pack("<I", 0),
                text,
                small,
            )
        )
    )


def iptc():
    record = b"\x1c\x02\x78" + struct.pack(">H", len(CANARY)) + CANARY
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record
    return jpeg_segment(0xED, b"Photoshop 3.0\0" + block)


def png_with_texts():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", CANARY.decode())
    info.add_text("Packed", CANARY.decode(), zip=True)
    info.add_itxt("XML:com.adobe.xmp", CANARY.decode())
    info.add_itxt("Raw profile type iptc", CANARY.decode(), zip=True)
    return saved(Image.new("RGB", (64, 48), "teal"), pnginfo=info)


def told(format="JPEG", **options):
    return saved(Image.new("RGB", (64, 48), "teal"), format, **options)


TELLING = {
    "thumbnail": told(exif=exif_with_thumbnail()),
    "thumbnail in PNG": told("PNG", exif=exif_with_thumbnail()),
    "thumbnail in WebP": told("WEBP", exif=exif_with_thumbnail()),
    "IPTC": told()[:2] + iptc() + told()[2:],
    "XMP": told(xmp=b"<x:xmpmeta>" + CANARY + b"</x:xmpmeta>"),
    "COM": told(comment=CANARY),
    "ICC": told(icc_profile=b"\0" * 128 + CANARY),
    "ICC in PNG": told("PNG", icc_profile=b"\0" * 128 + CANARY),
    "ICC in AVIF": told("AVIF", icc_profile=b"\0" * 128 + CANARY),
    "texts of PNG": png_with_texts(),
}


@pytest.mark.parametrize("where", TELLING)
@pytest.mark.django_db
def test_a17_what_a_photograph_tells_is_in_no_stored_file(where):
    Picture.objects.create_from_upload(upload(TELLING[where]))

    written = [CANARY, b64encode(CANARY)]
    written += [CANARY.decode().encode(code) for code in ("utf-16-le", "utf-16-be")]
    assert len(stored_files()) == 2
    for path in stored_files():
        stored = path.read_bytes()
        assert not any(way in stored for way in written)
        with Image.open(path) as image:
            assert all(re.match("jfif|progressi", key) for key in image.info)
            assert dict(image.getexif()) == {}
            turned = "thumbnail" in where
            assert image.size == ((48, 64) if turned else (64, 48))


# A18: links out of the folder ################################################


@pytest.mark.django_db
def test_a18_a_link_among_the_pictures_leads_nowhere(client, tmp_path):
    picture = Picture.objects.create_from_upload(upload())
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(CANARY)
    path = next(path for path in stored_files() if path.name == "640.jpg")
    path.unlink()
    path.symlink_to(secret)

    response = client.get(picture.url(640, "jpg"))

    assert response.status_code == 404
    assert CANARY not in response.content


@pytest.mark.django_db
def test_a18_a_folder_that_is_a_link_leads_nowhere(client, tmp_path, media):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "640.jpg").write_bytes(CANARY)
    (media / "pictures").mkdir(parents=True)
    (media / "pictures" / ("0" * 32)).symlink_to(outside)

    response = client.get(f"/media/pictures/{'0' * 32}/640.jpg")

    assert response.status_code == 404
    assert CANARY not in b"".join(response)


@pytest.mark.parametrize(
    "address",
    [
        "/static/../settings.py", "/static/%2e%2e/clinic/settings.py",
        "/static//etc/passwd", "/static/..%5csettings.py", "/static/%2fetc/passwd",
        "/static/css/../../x.sqlite3",
        "/static/%00", "/static/img/mark.svg%00.html", "//etc/passwd", "/media/x%00",
        "/media/pictures/..%c0%af..%c0%afportal.sqlite3", "/media/%252e%252e/x",
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_a18_no_path_leads_out_of_the_static_files(client, address):
    response = client.get(address)

    assert response.status_code == 404
    assert not any(word in response.content for word in (b"root:", b"SECRET_KEY"))


# A22: too many, too large, too slow ##########################################


def sent(body, content_type="multipart/form-data; boundary=x", **headers):
    return {"data": body, "content_type": content_type} | headers


def part(name, value, *headers, filename=None):
    shown = f'; filename="{filename}"' if filename else ""
    lines = [f'Content-Disposition: form-data; name="{name}"{shown}', *headers]
    return b"--x\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + value + b"\r\n"


@pytest.mark.django_db
def test_a22_a_picture_too_many_is_refused_and_the_words_kept(staff, settings):
    settings.PICTURE_MEGABYTES = 0.05
    answers = [
        staff.post(ADD, {"upload": upload(), "name": f"Number {n}"}) for n in range(10)
    ]

    stored = Picture.objects.all()
    taken = sum(path.stat().st_size for path in stored_files())
    assert 0 < len(stored) < 10
    assert sum(picture.weight for picture in stored) == taken <= 50_000
    refused = [answer for answer in answers if answer.status_code == 200]
    assert len(refused) == 10 - len(stored)
    for answer in refused:
        assert [error[:38] for error in errors(answer)] == [
            "There is no room for another picture: "
        ]
        assert fields(answer)["name"].startswith("Number ")
    assert list(folder().iterdir()) == []


@pytest.mark.django_db
def test_a22_where_there_is_no_room_nothing_is_decoded(staff, settings, monkeypatch):
    settings.PICTURE_MEGABYTES = 0
    monkeypatch.setattr(pictures, "render", lambda upload: pytest.fail("decoded"))

    for _ in range(1000):
        with pytest.raises(ValidationError) as refusal:
            Picture.objects.create_from_upload(upload(b"x"))
        assert refusal.value.code == "room"


@pytest.mark.django_db
def test_a22_a_picture_that_is_deleted_makes_room(settings):
    settings.PICTURE_MEGABYTES = 0.02
    picture = Picture.objects.create_from_upload(upload())
    settings.PICTURE_MEGABYTES = picture.weight / 1_000_000
    with pytest.raises(ValidationError):
        Picture.objects.create_from_upload(upload())

    picture.delete()

    assert Picture.objects.create_from_upload(upload()).weight == picture.weight


@pytest.mark.parametrize("address", ["/", "/articles/", "/admin/login/", ADD])
@pytest.mark.parametrize("size", [2 * 1024**3, 33 * 1024**2, 10**30])
@pytest.mark.django_db
def test_a22_two_gigabytes_are_refused_unread(staff, address, size):
    class Unread(io.BytesIO):
        def read(self, *args):
            pytest.fail("read")

    response = staff.post(
        address, **sent(b""), CONTENT_LENGTH=str(size), **{"wsgi.input": Unread()}
    )

    assert response.status_code == 413
    assert response.content == uploads.TOO_LARGE
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_a22_who_is_not_signed_in_sends_little(client):
    response = client.post("/admin/login/", **sent(b"x" * 65_537))

    assert response.status_code == 413


@pytest.mark.django_db
def test_a22_a_file_too_large_is_not_kept_but_the_words_are(staff, monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST_FILE", 3_000_000)
    monkeypatch.setattr(pictures, "MAX_BYTES", 3_000_000)
    kept = []
    complete = Handler.file_complete
    monkeypatch.setattr(
        Handler,
        "file_complete",
        lambda self, size: (
            kept.append((size, self.file.seek(0, 2))) or complete(self, size)
        ),
    )

    response = staff.post(
        ADD, {"upload": upload(b"\xff\xd8" * 2_000_000), "name": "Typed"}
    )

    assert errors(response) == [str(pictures.TOO_HEAVY)]
    assert fields(response)["name"] == "Typed"
    assert kept[0][0] == 4_000_000
    assert kept[0][1] < 70_000
    assert list(folder().iterdir()) == []


@pytest.mark.django_db
def test_a22_a_picture_in_base64_is_a_picture(staff):
    body = part(
        "upload",
        b64encode(picture_bytes()),
        "Content-Transfer-Encoding: base64",
        "Content-Type: image/jpeg",
        filename="x.jpg",
    )
    form = fields(staff.get(ADD))
    body += b"".join(part(name, str(value).encode()) for name, value in form.items())

    response = staff.post(ADD, **sent(body + part("name", b"x") + b"--x--\r\n"))

    assert response.status_code == 302
    assert Picture.objects.get().width == 800


@pytest.mark.parametrize(
    "body",
    [
        part(
            "upload",
            b"not base64!",
            "Content-Transfer-Encoding: base64",
            filename="x.jpg",
        ),
        part(
            "upload",
            b"=" * 10_000,
            "Content-Transfer-Encoding: base64",
            filename="x.jpg",
        ),
        part("name", b"%%%", "Content-Transfer-Encoding: base64"),
        part("upload", picture_bytes(), filename="x.jpg")[:-400],
        b"--x\r\n"
        + b"Content-Disposition: form-data; name="
        + b"a" * 2000
        + b"\r\n\r\n",
        b"--x--",
        b"",
        b"\0" * 10_000,
        b"--x\r\n" * 10_000,
    ],
    ids=range(9),
)
@pytest.mark.django_db
def test_a22_a_damaged_form_is_refused_and_leaves_nothing(staff, body):
    response = staff.post(ADD, **sent(body))

    assert response.status_code in {200, 400}
    assert Picture.objects.count() == 0
    assert stored_files() == list(folder().iterdir()) == []


@pytest.mark.parametrize("content_type", ["form", "multipart"])
@pytest.mark.django_db
def test_a22_twenty_thousand_fields_are_refused(staff, content_type):
    if content_type == "form":
        body = "&".join(f"f{n}=1" for n in range(20_000))
        response = staff.post(ADD, **sent(body, "application/x-www-form-urlencoded"))
    else:
        body = b"".join(part(f"f{n}", b"1") for n in range(20_000)) + b"--x--\r\n"
        response = staff.post(ADD, **sent(body))

    assert response.status_code == 400


@pytest.mark.django_db
def test_a22_more_files_than_a_form_has_are_refused(staff):
    body = b"".join(part("upload", b"x", filename="x.jpg") for _ in range(1000))

    response = staff.post(ADD, **sent(body + b"--x--\r\n"))

    assert response.status_code == 400
    assert list(folder().iterdir()) == []


# What a crash leaves #########################################################


def test_a22_a_file_that_arrives_has_no_name():
    handler = Handler(RequestFactory().post("/"))
    handler.new_file("upload", "x.jpg", "image/jpeg", None)

    handler.receive_data_chunk(b"x" * 5_000_000, 0)

    held = handler.file_complete(5_000_000)
    assert (held.size, len(held.read())) == (5_000_000, 5_000_000)
    assert list(folder().iterdir()) == []
    held.close()


def test_a22_a_file_that_breaks_off_takes_none_before_it_along():
    handler = Handler(RequestFactory().post("/"))
    handler.new_file("upload", "x.jpg", "image/jpeg", None)
    handler.receive_data_chunk(b"whole", 0)
    whole = handler.file_complete(5)
    handler.new_file("upload", "y.jpg", "image/jpeg", None)
    handler.receive_data_chunk(b"ha", 0)
    half = handler.file

    handler.upload_interrupted()

    assert whole.read() == b"whole"
    assert half.closed
    whole.close()


# Stores one picture, and is killed before its row is there.
BE_KILLED = """
import os, signal, sys
import django
django.setup()
from django.core.files.storage import default_storage
from clinic import pictures
from clinic.models import Picture
class Half(type(default_storage._wrapped if default_storage.url("x") else None)):
    def save(self, name, *args, **kwargs):
        made = super().save(name, *args, **kwargs)
        if name.endswith(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGKILL)
        return made
default_storage._wrapped = Half()
renditions = pictures.Renditions(64, 48, [64], "jpg", {"64.avif": b"a", "64.jpg": b"b"})
with pictures.kept_only_on_success():
    pictures.store(renditions)
"""


@pytest.mark.parametrize("at", ["64.avif", "64.jpg"])
@pytest.mark.django_db
def test_a22_what_a_killed_process_had_written_is_gone_after_the_next_start(
    at, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path / "media"
    process = subprocess.run(
        [sys.executable, "-c", BE_KILLED, at],
        cwd=ROOT,
        env=os.environ
        | {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "clinic.settings"},
        capture_output=True,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert len(stored_files()) >= 1
    kept = Picture.objects.create_from_upload(upload())

    assert Picture.objects.remove_unfinished() == 1

    assert {path.parent.name for path in stored_files()} == {kept.key}
    assert list(folder().iterdir()) == []


@pytest.mark.django_db
def test_a22_what_a_living_process_is_writing_stays():
    note = Note("0" * 32)

    assert Picture.objects.remove_unfinished() == 0
    assert [path.name for path in folder().iterdir()] == ["0" * 32]

    note.remove()
    assert list(folder().iterdir()) == []


@pytest.mark.django_db
def test_a22_a_picture_whose_row_is_there_stays_whatever_its_note_says():
    picture = Picture.objects.create_from_upload(upload())
    (folder() / picture.key).touch()

    assert Picture.objects.remove_unfinished() == 0

    assert len(stored_files()) == 6
    assert list(folder().iterdir()) == []


@pytest.mark.django_db
def test_what_is_stored_in_a_block_is_noted_until_the_block_ends():
    with pictures.kept_only_on_success():
        Picture.objects.create_from_upload(upload())
        assert len(list(folder().iterdir())) == 1

    assert list(folder().iterdir()) == []


@pytest.mark.django_db
def test_what_is_stored_in_a_block_that_fails_leaves_no_note():
    def request():
        with pictures.kept_only_on_success():
            Picture.objects.create_from_upload(upload())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        request()

    assert stored_files() == list(folder().iterdir()) == []


@pytest.mark.django_db
def test_the_desk_knows_how_large_a_file_may_be_before_it_is_sent(staff):
    page = staff.get(ADD).text

    assert f'data-largest="{25 * 1024 * 1024}"' in page
    assert 'data-too-heavy="This file is larger than 25 MB.' in page

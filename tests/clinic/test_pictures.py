"""Pictures: whatever is uploaded, only our own drawing of it is stored and served."""

import io
import re
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin, features

from clinic import pictures
from clinic.models import Picture
from tests.conftest import picture_bytes, stored_files, upload

CANARY = b"CANARY-41.9028-12.4964"
PAYLOAD = b"<script>alert(1)</script>" + CANARY
FORMATS = ["JPEG", "PNG", "WEBP", "AVIF"]


def test_the_library_can_read_and_write_what_is_promised():
    assert features.check("avif") is True
    assert features.check("webp") is True


def saved(image, format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def decoded(renditions, name):
    return Image.open(io.BytesIO(renditions.files[name]))


def near(pixel, colour, tolerance=12):
    return all(
        abs(a - b) <= tolerance for a, b in zip(pixel[:3], colour[:3], strict=True)
    )


def assert_refused(content, code="invalid", **kwargs):
    with pytest.raises(ValidationError) as refusal:
        Picture.objects.create_from_upload(upload(content, **kwargs))

    assert refusal.value.code == code
    assert len(refusal.value.messages) == 1
    assert Picture.objects.count() == 0
    assert stored_files() == []


# What is stored #############################################################


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.django_db
def test_every_width_is_stored_twice_and_its_addresses_lead_to_files(format):
    content = picture_bytes(format, (1000, 500))

    picture = Picture.objects.create_from_upload(upload(content))

    folder = f"pictures/{picture.key}"
    assert picture.widths == [320, 640, 960, 1000]
    assert (picture.width, picture.height) == (1000, 500)
    assert sorted(default_storage.listdir(folder)[1]) == sorted(
        f"{width}.{extension}"
        for width in picture.widths
        for extension in ("avif", "jpg")
    )
    for srcset in (picture.avif_srcset, picture.fallback_srcset):
        for candidate, width in zip(srcset.split(", "), picture.widths, strict=True):
            address, descriptor = candidate.split()
            path = default_storage.path(address.removeprefix("/media/"))
            with Image.open(path) as image:
                assert image.size == (width, round(width / 2))
            assert descriptor == f"{width}w"


@pytest.mark.parametrize(
    ("width", "widths"),
    [
        (32, [32]),
        (319, [319]),
        (320, [320]),
        (321, [320, 321]),
        (1600, [320, 640, 960, 1280, 1600]),
        (2400, [320, 640, 960, 1280, 1600]),
    ],
)
def test_no_rendition_is_wider_than_the_original(width, widths):
    renditions = pictures.render(upload(picture_bytes(size=(width, 40))))

    assert renditions.widths == widths
    assert renditions.width == min(width, 1600)


def test_a_picture_of_extreme_shape_keeps_at_least_one_row():
    renditions = pictures.render(upload(picture_bytes("PNG", (16_000, 32))))

    assert decoded(renditions, "320.jpg").size == (320, 1)


@pytest.mark.parametrize("size", [(40, 70_000), (16_001, 40)])
def test_a_picture_too_long_for_the_formats_is_refused_with_its_reason(size):
    with pytest.raises(ValidationError, match=r"longer than 16,000 pixels"):
        pictures.render(upload(picture_bytes("PNG", size)))


def colour_of_first_pixel(content):
    renditions = pictures.render(upload(content))
    name = f"{renditions.width}.{renditions.fallback}"
    avif = decoded(renditions, f"{renditions.width}.avif").convert("RGBA")
    pixel = decoded(renditions, name).convert("RGBA").getpixel((20, 20))
    assert near(avif.getpixel((20, 20)), pixel, 20)
    return renditions.fallback, pixel


@pytest.mark.parametrize(
    ("content", "fallback", "colour"),
    [
        (saved(Image.new("RGB", (64, 64), (200, 60, 30))), "jpg", (200, 60, 30)),
        (saved(Image.new("L", (64, 64), 90)), "jpg", (90, 90, 90)),
        (saved(Image.new("1", (64, 64), 1)), "jpg", (255, 255, 255)),
        (saved(Image.new("LA", (64, 64), (90, 255))), "jpg", (90, 90, 90)),
        (saved(Image.new("I;16", (64, 64), 30000)), "jpg", (117, 117, 117)),
        (
            saved(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG"),
            "jpg",
            (255, 0, 0),
        ),
        (
            saved(Image.new("RGBA", (64, 64), (200, 60, 30, 255))),
            "jpg",
            (200, 60, 30),
        ),
        (
            saved(Image.new("RGBA", (64, 64), (200, 60, 30, 255)), "WEBP"),
            "jpg",
            (200, 60, 30),
        ),
        (
            saved(Image.new("RGB", (64, 64), (200, 60, 30)).quantize(4)),
            "jpg",
            (200, 60, 30),
        ),
    ],
    ids=["RGB", "L", "1 bit", "LA", "16 bit", "CMYK", "RGBA", "WebP RGBA", "palette"],
)
def test_a_picture_of_any_mode_keeps_its_colour(content, fallback, colour):
    stored_as, pixel = colour_of_first_pixel(content)

    assert stored_as == fallback
    assert near(pixel, colour), pixel


def palette_with_transparency():
    image = Image.new("P", (64, 64), 0)
    image.putpalette([200, 60, 30, 0, 0, 255])
    image.paste(1, (0, 0, 8, 8))
    return saved(image, transparency=0)


@pytest.mark.parametrize(
    "content",
    [
        saved(Image.new("RGBA", (64, 64), (200, 60, 30, 0))),
        saved(Image.new("RGBA", (64, 64), (200, 60, 30, 0)), "WEBP"),
        saved(Image.new("RGBA", (64, 64), (200, 60, 30, 0)), "AVIF"),
        saved(Image.new("LA", (64, 64), (90, 0))),
        palette_with_transparency(),
    ],
    ids=["PNG", "WebP", "AVIF", "LA", "palette"],
)
def test_a_see_through_picture_stays_see_through(content):
    fallback, pixel = colour_of_first_pixel(content)

    assert fallback == "png"
    assert pixel[3] == 0


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a17_a_picture_taken_with_a_turned_camera_stands_upright(format):
    image = Image.new("RGB", (100, 60), "blue")
    image.paste((255, 0, 0), (0, 0, 50, 60))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the left edge is the top
    content = saved(image, format, exif=exif)

    renditions = pictures.render(upload(content))

    upright = decoded(renditions, "60.jpg")
    assert upright.size == (60, 100)
    assert near(upright.getpixel((30, 10)), (255, 0, 0), 40)
    assert near(upright.getpixel((30, 90)), (0, 0, 255), 40)


def test_a15_of_an_animation_the_first_picture_is_taken():
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "lime")]

    for format in ("WEBP", "PNG", "AVIF"):
        content = saved(
            frames[0], format, save_all=True, append_images=frames[1:], duration=50
        )
        renditions = pictures.render(upload(content))

        still = decoded(renditions, "64.avif")
        assert getattr(still, "n_frames", 1) == 1
        assert near(still.getpixel((9, 9)), (255, 0, 0), 20)


# Nothing of the upload is kept ##############################################


def with_metadata(format):
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    exif[0x8825] = {1: "N", 2: (41.0, 54.0, 10.0), 29: CANARY.decode()}
    options = {"exif": exif, "icc_profile": b"\0" * 128 + CANARY}
    if format == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", CANARY.decode())
        info.add_itxt("XML:com.adobe.xmp", CANARY.decode())
        info.add_text("Packed", CANARY.decode(), zip=True)
        options["pnginfo"] = info
    else:
        options["xmp"] = b"<x:xmpmeta>" + CANARY + b"</x:xmpmeta>"
    if format == "JPEG":
        options["comment"] = CANARY
    return saved(Image.new("RGB", (400, 300), "teal"), format, **options)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.django_db
def test_a17_nothing_that_the_camera_wrote_is_stored(format):
    content = with_metadata(format)
    assert CANARY in content

    Picture.objects.create_from_upload(upload(content))

    for path in stored_files():
        assert CANARY not in path.read_bytes()
        with Image.open(path) as image:
            image.load()
            assert dict(image.getexif()) == {}
            assert image.info.get("icc_profile") is None
            assert {"xmp", "comment", "Comment", "Packed"}.isdisjoint(image.info)


@pytest.mark.parametrize("tail", [PAYLOAD, b"PK\3\4" + PAYLOAD, b"%PDF" + PAYLOAD])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.django_db
def test_a14_nothing_hidden_behind_a_picture_is_stored(format, tail):
    Picture.objects.create_from_upload(upload(picture_bytes(format) + tail))

    assert len(stored_files()) == 6
    assert all(PAYLOAD not in path.read_bytes() for path in stored_files())


@pytest.mark.parametrize(
    "name",
    [
        "../../x.png",
        "..\\..\\x.jpg",
        "/etc/passwd.jpg",
        "a" * 5000 + ".jpg",
        "con.png",
        "figüre 🫀.jpg",
        "line\nend.JPEG",
        "holiday.2026.Jpg",
        ".jpg",
        "js.jpg",
    ],
)
@pytest.mark.django_db
def test_a19_the_name_of_the_upload_names_no_file(name):
    picture = Picture.objects.create_from_upload(upload(name=name))

    root = default_storage.path("")
    names = {path.relative_to(root).as_posix() for path in stored_files()}
    assert names == {
        f"pictures/{picture.key}/{width}.{extension}"
        for width in (320, 640, 800)
        for extension in ("avif", "jpg")
    }
    assert len(picture.key) == 32
    assert 0 < len(picture.name) <= 200


# What is refused ############################################################


def png_header(width, height):
    """A PNG of a few bytes that claims any size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (header, data, b"IEND")
    )


def noise(size):
    return Image.effect_noise(size, 90).convert("RGB")


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a/*" + PAYLOAD + b"*/=1;",
        b"%PDF-1.7\n%" + PAYLOAD,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n",
        saved(Image.new("P", (64, 64)), "GIF"),
        saved(Image.new("RGB", (64, 64)), "TIFF"),
        saved(Image.new("RGB", (64, 64)), "BMP"),
        saved(Image.new("RGB", (64, 64)), "ICO"),
        saved(Image.new("RGB", (64, 64)), "PPM"),
        saved(Image.new("RGB", (64, 64)), "PDF"),
        saved(Image.new("RGB", (64, 64)), "EPS"),
        saved(noise((200, 200)), "JPEG")[:3000],
        saved(noise((200, 200)), "PNG")[:3000],
        saved(noise((200, 200)), "WEBP")[:3000],
        saved(noise((200, 200)), "AVIF")[:3000],
        picture_bytes("JPEG")[:20],
        picture_bytes("PNG")[:40],
        png_header(100, 100),
        b"",
        bytes(range(256)) * 4000,
        b"\xff\xd8\xff\xe0" + b"\0" * 1000,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 1000,
    ],
    ids=[
        "SVG", "HTML", "GIF script", "PDF", "EPS", "GIF", "TIFF", "BMP", "ICO", "PPM",
        "real PDF", "real EPS", "half JPEG", "half PNG", "half WebP", "half AVIF",
        "stub JPEG", "stub PNG", "PNG without pixels", "empty", "any bytes",
        "JPEG magic", "PNG magic",
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_a15_what_is_no_whole_picture_is_refused_and_leaves_nothing(content):
    assert_refused(content)


@pytest.mark.django_db
def test_a15_the_name_and_the_stated_type_convince_nobody():
    html = b"<html><script>alert(1)</script>"

    assert_refused(html, name="photo.jpg", content_type="image/jpeg")


def test_a15_a_picture_under_a_wrong_name_is_known_by_its_content():
    content = picture_bytes("PNG")

    assert pictures.render(upload(content, "x.jpg", "application/pdf")).width == 800


@pytest.mark.parametrize("size", [(13_000, 13_000), (20_000, 20_000), (8200, 5000)])
@pytest.mark.django_db
def test_a16_a_small_file_with_too_many_pixels_is_refused_by_its_header(
    size, monkeypatch
):
    monkeypatch.setattr(pictures, "repaint", lambda image: pytest.fail("decoded"))

    assert_refused(png_header(*size), "pixels")


@pytest.mark.django_db
def test_a16_a_real_bomb_of_one_bit_is_refused():
    bomb = saved(Image.new("1", (13_000, 13_000)))
    assert len(bomb) < 100_000

    assert_refused(bomb, "pixels")


@pytest.mark.django_db
def test_a16_a_text_that_unpacks_to_gigabytes_is_refused():
    info = PngImagePlugin.PngInfo()
    info.add_text("x", "a" * 20_000_000, zip=True)

    assert_refused(saved(Image.new("RGB", (64, 64)), pnginfo=info))


def segments_of(jpeg):
    """Cut a progressive JPEG into what stands before its scans, and its scans."""
    first = jpeg.index(b"\xff\xda")
    scans = re.split(rb"(?=\xff\xda)|(?=\xff\xc4)", jpeg[first:-2])
    return jpeg[:first], [scan for scan in scans if scan]


COMMENT = b"\xff\xfe" + struct.pack(">H", 6)
LATER = {
    "plain": lambda before, rest: before + rest,
    "filled up": lambda before, rest: before + b"\xff" * 9 + rest,
    "after odd bytes": lambda before, rest: before + b"\0\x11\xff\0x" + rest,
    "after an end in a comment": lambda before, rest: (
        before + COMMENT + b"\xff\xd9\xff\xd9" + rest
    ),
    "after a comment of no length": lambda before, rest: (
        before + b"\xff\xfe\0\0" + rest
    ),
    "after marks of no length": lambda before, rest: (
        before + b"\xff\xd0\xff\x01\xff\xd3" + rest
    ),
    "after a mark that means nothing": lambda before, rest: (
        before + b"\xff\x05\xff\xff" + rest
    ),
    "after a picture of tables only": lambda before, rest: (
        b"\xff\xd8\xff\xd9" + before + rest
    ),
    "after a long comment": lambda before, rest: (
        before + b"\xff\xfe\xff\xff" + b"\xff\xd9" * 32766 + b"!" + rest
    ),
}


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("hide", LATER.values(), ids=LATER)
def test_a16_every_scan_that_is_decoded_is_counted(hide, place):
    """What is hidden is decoded all the same: the picture comes out as it went in."""
    noise = Image.effect_noise((64, 48), 80).convert("RGB")
    plain = saved(noise, "JPEG", progressive=True)
    head, scans = segments_of(plain)
    before, rest = head + b"".join(scans[:place]), b"".join(scans[place:])
    hidden = hide(before, rest + b"\xff\xd9")

    assert pictures.scans_in(hidden) == pictures.scans_in(plain) == 10
    try:
        with Image.open(io.BytesIO(hidden)) as image:
            assert image.tobytes() == Image.open(io.BytesIO(plain)).tobytes()
    except OSError:
        pass  # Pillow itself refuses it: nothing is decoded


@pytest.mark.parametrize("hide", LATER.values(), ids=LATER)
def test_a16_a_progressive_picture_of_thousands_of_scans_is_refused(hide):
    plain = saved(
        Image.effect_noise((64, 48), 80).convert("RGB"), "JPEG", progressive=True
    )
    head, scans = segments_of(plain)
    before, rest = head + scans[0], b"".join(scans[1:-1]) + scans[-1] * 2000
    bomb = hide(before, rest + b"\xff\xd9")

    assert pictures.scans_in(bomb) > 2000
    with pytest.raises(ValidationError):
        pictures.render(upload(bomb))


def test_a_picture_with_a_video_behind_its_end_is_a_picture():
    """A motion photo of a telephone: the picture, and a film behind its end."""
    thumbnail = picture_bytes(size=(160, 120))
    photo = picture_bytes(size=(64, 48), exif=b"Exif\0\0" + thumbnail)
    film = b"\xff\xda of a film" * 700

    drawn = pictures.render(upload(photo + film))

    assert (drawn.width, drawn.height) == (64, 48)
    assert pictures.scans_in(photo + film) == 1


@pytest.mark.django_db
def test_a22_a_file_over_25_megabytes_is_refused_unread():
    heavy = SimpleUploadedFile("x.jpg", picture_bytes() + b"\0" * (25 * 1024 * 1024))

    with pytest.raises(ValidationError) as refusal:
        Picture.objects.create_from_upload(heavy)

    assert refusal.value.code == "size"
    assert heavy.tell() == 0
    assert stored_files() == []


@pytest.mark.parametrize("size", [(31, 100), (100, 31), (1, 1)])
@pytest.mark.django_db
def test_a_picture_too_small_to_see_is_refused(size):
    assert_refused(picture_bytes(size=size), "small")


@pytest.mark.filterwarnings("ignore:Corrupt EXIF", "ignore:Truncated File Read")
def test_a15_a_photograph_with_broken_camera_data_is_still_a_photograph():
    """Pillow warns about it; photographs that went through old programs have it."""
    broken = b"Exif\0\0II*\0\x08\0\0\0\x40\0\x12\x01\x03\0\x01"

    assert pictures.render(upload(picture_bytes(exif=broken))).width == 800


# All files or none ##########################################################


def failing_save(monkeypatch, at):
    calls = []
    save = default_storage.save

    def limited(*args, **kwargs):
        calls.append(args)
        if len(calls) == at:
            raise OSError("No space left on device")
        return save(*args, **kwargs)

    monkeypatch.setattr(default_storage, "save", limited)


@pytest.mark.parametrize("at", [1, 3, 6])
@pytest.mark.django_db
def test_a_full_disk_leaves_neither_files_nor_a_row(monkeypatch, at):
    failing_save(monkeypatch, at)

    with pytest.raises(OSError, match="No space left"):
        Picture.objects.create_from_upload(upload())

    assert stored_files() == []
    assert Picture.objects.count() == 0


@pytest.mark.django_db
def test_a_row_that_cannot_be_saved_leaves_no_files(monkeypatch):
    def refuse(self, *args, **kwargs):
        raise RuntimeError("no")

    monkeypatch.setattr(Picture, "save", refuse)

    with pytest.raises(RuntimeError):
        Picture.objects.create_from_upload(upload())

    assert stored_files() == []


@pytest.mark.django_db
def test_a_request_that_fails_later_takes_its_pictures_with_it():
    kept = Picture.objects.create_from_upload(upload())

    def request():
        with pictures.kept_only_on_success():
            Picture.objects.create_from_upload(upload())
            Picture.objects.create_from_upload(upload())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        request()

    assert {path.parent.name for path in stored_files()} == {kept.key}


@pytest.mark.django_db
def test_a_request_that_succeeds_keeps_its_pictures():
    with pictures.kept_only_on_success():
        picture = Picture.objects.create_from_upload(upload())

    assert {path.parent.name for path in stored_files()} == {picture.key}


@pytest.mark.django_db
def test_a_failure_after_a_finished_request_takes_nothing_of_it():
    with pictures.kept_only_on_success():
        picture = Picture.objects.create_from_upload(upload())

    with pytest.raises(RuntimeError), pictures.kept_only_on_success():
        raise RuntimeError

    assert {path.parent.name for path in stored_files()} == {picture.key}


@pytest.mark.django_db
def test_deleting_a_picture_removes_its_files_once_that_is_certain(
    django_capture_on_commit_callbacks,
):
    picture = Picture.objects.create_from_upload(upload())
    other = Picture.objects.create_from_upload(upload())

    with django_capture_on_commit_callbacks(execute=True):
        picture.delete()
        assert len(stored_files()) == 12

    assert {path.parent.name for path in stored_files()} == {other.key}
    assert default_storage.listdir("pictures")[0] == [other.key]


@pytest.mark.django_db
def test_deleting_a_picture_whose_files_are_lost_is_no_error(
    django_capture_on_commit_callbacks,
):
    picture = Picture.objects.create_from_upload(upload())
    pictures.discard(picture.key)

    with django_capture_on_commit_callbacks(execute=True):
        picture.delete()

    assert Picture.objects.count() == 0


# How they are served ########################################################


@pytest.fixture
def picture(db):
    return Picture.objects.create_from_upload(upload())


@pytest.mark.parametrize(
    ("extension", "content_type"), [("avif", "image/avif"), ("jpg", "image/jpeg")]
)
def test_a20_a_rendition_is_served_as_an_image_and_nothing_else(
    client, picture, extension, content_type
):
    response = client.get(picture.url(640, extension), headers={"accept": "text/html"})

    assert response.status_code == 200
    assert response["Content-Type"] == content_type
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.cookies == {}
    path = default_storage.path(f"pictures/{picture.key}/640.{extension}")
    with open(path, "rb") as file:
        assert response.getvalue() == file.read()


def test_the_see_through_rendition_is_served_as_png(client, db):
    content = picture_bytes("PNG", mode="RGBA")
    picture = Picture.objects.create_from_upload(upload(content))

    response = client.get(picture.src)

    assert response["Content-Type"] == "image/png"
    response.close()


def test_the_head_of_a_rendition_says_the_same_as_the_whole(client, picture):
    whole = client.get(picture.src)
    head = client.head(picture.src)

    assert head.status_code == 200
    assert head.getvalue() == b""
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert head[name] == whole[name]
    whole.close()


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete", "trace"])
def test_a20_a_rendition_can_only_be_read(client, picture, verb):
    assert getattr(client, verb)(picture.src).status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "/media/",
        "/media/pictures/",
        "/media/pictures/{key}/",
        "/media/pictures/{key}",
        "/media/../secret.txt",
        "/media/%2e%2e/secret.txt",
        "/media/%2e%2e%2fsecret.txt",
        "/media/..%5csecret.txt",
        "/media/pictures/../../secret.txt",
        "/media/pictures/{key}/../../../secret.txt",
        "/media/pictures/{key}/..%2f..%2f..%2fsecret.txt",
        "/media/pictures/{key}/%2e%2e/{key}/640.jpg",
        "/media//etc/passwd",
        "/media/%2fetc%2fpasswd",
        "/media/pictures/{key}/640.jpg%00",
        "/media/pictures/{key}/640.jpg%00.png",
        "/media/pictures/{key}/640.jpg%0a",
        "/media/pictures/{key}/640.jpg/",
        "/media/pictures/{key}/640.html",
        "/media/pictures/{key}/640.JPG",
        "/media/pictures/{key}/640.png",
        "/media/pictures/{key}/641.jpg",
        "/media/pictures/{key}/0640.jpg",
        "/media/pictures/{key}/-640.jpg",
        "/media/pictures/{key}/٦٤٠.jpg",
        "/media/pictures/00000000000000000000000000000000/640.jpg",
    ],
)
def test_a18_no_other_file_can_be_reached(client, picture, media, address):
    (media.parent / "secret.txt").write_bytes(CANARY)

    response = client.get(address.format(key=picture.key))

    assert response.status_code == 404
    assert CANARY not in response.content
    assert b"root:" not in response.content

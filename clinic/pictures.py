"""Uploaded pictures: checked, decoded, stripped and drawn anew in several widths.

Nothing of the uploaded file is kept, neither its bytes nor its name: metadata (where
a photograph was taken), comments, colour profiles and anything hidden behind the
picture's end are gone, because every rendition is painted on a new canvas.
"""

import io
import logging
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from clinic import uploads

logger = logging.getLogger("clinic.pictures")

FOLDER = "pictures"
FORMATS = ("AVIF", "JPEG", "PNG", "WEBP")
MAX_BYTES = uploads.LARGEST_FILE
MAX_PIXELS = 40_000_000
# A progressive JPEG has about ten, each of which is painted over the whole picture: a
# file of a megabyte that has ten thousand would take minutes.
MOST_SCANS = 100
# What stands in a JPEG before each of its segments, each of which tells its length, or
# at its end. All else the decoder, too, runs over byte by byte: what a scan holds (a
# byte there like the first of a marker has a 0 behind it), filling, marks of no length.
SEGMENT = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")
SCAN, END = 0xDA, 0xD9
WIDTHS = (320, 640, 960, 1280, 1600)
# What pictures are called by cameras, phones and programs.
EXTENSIONS = ("avif", "jfif", "jpe", "jpeg", "jpg", "png", "webp")
# What servers and browsers run, wherever it stands in a name.
ACTING = re.compile(r"[ps]?html?\d*|xhtml|php\d?|phar|svgz?|xml|js|exe")
# A name that ends otherwise than it looks, or is read.
MISLEADING = re.compile("\0|%00|[\u200e\u200f\u202a-\u202e\u2066-\u2069]|[. ]$")
CONTENT_TYPES = {"avif": "image/avif", "jpg": "image/jpeg", "png": "image/png"}

NOT_A_PICTURE = _(
    "This file is not a JPEG, PNG, WebP or AVIF picture, or it is damaged. "
    "Please open it in a picture program and save it as JPEG or PNG."
)
NOT_NAMED_SO = _(
    "The name of this file is not that of a picture. It should end with .jpg, .png, "
    ".webp or .avif; please open it in a picture program and save it as JPEG or PNG."
)
TOO_HEAVY = _(
    "This file is larger than 25 MB. Please save the picture in a smaller size."
)
TOO_MANY_PIXELS = _(
    "This picture has more than 40 million pixels. Please save it in a smaller size; "
    "2000 pixels wide is enough."
)
TOO_LONG = _("This picture is longer than 16,000 pixels. Please cut or shrink it.")
TOO_SMALL = _("This picture is smaller than 32 pixels and would not be recognised.")


@dataclass(frozen=True)
class Renditions:
    """A picture in several widths; ``files`` maps names like ``640.avif`` to bytes."""

    width: int
    height: int
    widths: list[int]
    fallback: str
    files: dict[str, bytes]

    @property
    def weight(self) -> int:
        """The bytes of all files together."""
        return sum(map(len, self.files.values()))


# What is decoded has up to 40 million pixels, which take half a gigabyte on their way.
_one_at_a_time = threading.Lock()


def render(upload: File) -> Renditions:
    """Turn an upload into renditions, in memory.

    Raises ValidationError with a sentence for anything that is not a whole JPEG, PNG,
    WebP or AVIF of at most 25 MB and 40 megapixels. The size in pixels is read from
    the header, before anything is decoded: a file of 20 KB can claim 169 megapixels.
    """
    if upload.size is None or upload.size > MAX_BYTES:
        raise ValidationError(TOO_HEAVY, code="size")
    if not is_named_as_picture(upload.name or ""):
        raise ValidationError(NOT_NAMED_SO, code="name")
    with _one_at_a_time:
        return encode(decode(upload))


def is_named_as_picture(name: str) -> bool:
    """Say whether a file's name promises a picture and nothing else.

    The name is never used for a file. But what calls itself a page or a program is no
    picture that somebody meant to upload, whatever is in it.
    """
    if MISLEADING.search(name):
        return False
    _stem, *ends = name.lower().split(".")
    acting = any(ACTING.fullmatch(end) for end in ends)
    return ends[-1:] != [] and ends[-1] in EXTENSIONS and not acting


def decode(upload: File) -> Image.Image:
    """Paint an upload on a new canvas; raises ValidationError as ``render`` does."""
    try:
        upload.seek(0)
        with Image.open(upload, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValidationError(TOO_MANY_PIXELS, code="pixels")
            if image.format in {"JPEG", "MPO"} and scans(upload) > MOST_SCANS:
                raise ValidationError(NOT_A_PICTURE, code="invalid")
            canvas = repaint(image)
    except ValidationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValidationError(TOO_MANY_PIXELS, code="pixels") from None
    except Exception:  # Pillow's decoders raise nearly everything
        raise ValidationError(NOT_A_PICTURE, code="invalid") from None
    if max(canvas.size) > 16_000:  # the formats end at 65,500
        raise ValidationError(TOO_LONG, code="long")
    if min(canvas.size) < 32:
        raise ValidationError(TOO_SMALL, code="small")
    return canvas


def scans(upload: File) -> int:
    """Count the scans of a JPEG that would be decoded."""
    place = upload.tell()
    upload.seek(0)
    data = upload.read()
    upload.seek(place)
    return scans_in(data)


def scans_in(data: bytes) -> int:
    """Count the scans of a JPEG as its decoder goes through them.

    That is marker by marker: what a segment holds, such as a small copy of the picture,
    is skipped by its length, and the video behind the end of a phone's picture is not
    reached. An end before the first scan ends nothing: Pillow goes on to the picture
    behind it.
    """
    count, place = 0, 2
    while marker := SEGMENT.search(data, place):
        kind, place = marker[0][1], marker.end()
        if kind == END:
            if count:
                break
            continue
        count += kind == SCAN
        # A length counts itself; a smaller one is a lie that skips nothing.
        place += max(2, int.from_bytes(data[place : place + 2]))
    return count


def repaint(image: Image.Image) -> Image.Image:
    """Return the picture upright on a new canvas: RGBA if any of it is see-through."""
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I;16"):
        # Converting would cut every value at 255: a white picture.
        image = image.point(lambda value: value / 256).convert("L")
    painted = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if painted.mode == "RGBA" and painted.getchannel("A").getextrema() == (255, 255):
        painted = painted.convert("RGB")
    canvas = Image.new(painted.mode, painted.size)
    canvas.paste(painted)
    return canvas


def encode(canvas: Image.Image) -> Renditions:
    """Draw the canvas in every width up to its own, as AVIF and as a fallback."""
    widths = [width for width in WIDTHS if width < canvas.width]
    widths.append(min(canvas.width, WIDTHS[-1]))
    widths = sorted(set(widths))
    fallback = "png" if canvas.mode == "RGBA" else "jpg"
    files = {}
    for width in widths:
        height = max(1, round(canvas.height * width / canvas.width))
        resized = canvas.resize((width, height), Image.Resampling.LANCZOS)
        # Speed 8: 1.2 s for 1600 px, against 6.5 s at speed 6, a few KB smaller.
        files[f"{width}.avif"] = saved(resized, "AVIF", quality=60, speed=8)
        if fallback == "png":
            flat = resized.quantize(256, Image.Quantize.FASTOCTREE)
            files[f"{width}.png"] = saved(flat, "PNG", optimize=True)
        else:
            files[f"{width}.jpg"] = saved(
                resized, "JPEG", quality=80, optimize=True, progressive=True
            )
    full_height = max(1, round(canvas.height * widths[-1] / canvas.width))
    return Renditions(widths[-1], full_height, widths, fallback, files)


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    """Return the picture as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


# Files cannot be rolled back by the database, so every folder written is noted here
# while a request runs and removed again if the request fails, or dies.
_written: ContextVar[list[uploads.Note] | None] = ContextVar("written", default=None)


def path_of(key: str, width: int, extension: str) -> str:
    """Return the name of a rendition in the storage."""
    return f"{FOLDER}/{key}/{width}.{extension}"


def store(renditions: Renditions) -> str:
    """Write the files under a new random key and return it; all of them or none."""
    key = uuid.uuid4().hex
    note = uploads.Note(key)
    try:
        for name, content in renditions.files.items():
            default_storage.save(f"{FOLDER}/{key}/{name}", ContentFile(content))
    except BaseException:
        discard(key)
        note.remove()
        raise
    if (written := _written.get()) is not None:
        written.append(note)
    else:
        note.remove()
    return key


def discard(key: str) -> None:
    """Remove the files of a picture; what cannot be removed is named in the log.

    No row leads to them any more, so nobody's work has to fail for their sake.
    """
    try:
        names = default_storage.listdir(f"{FOLDER}/{key}")[1]
        for name in names:
            default_storage.delete(f"{FOLDER}/{key}/{name}")
        default_storage.delete(f"{FOLDER}/{key}")
    except FileNotFoundError:
        return
    except OSError as error:
        logger.error("Files of no picture stay behind in pictures/%s: %s", key, error)


@contextmanager
def kept_only_on_success() -> Iterator[None]:
    """Remove what ``store`` wrote inside this block if the block raises.

    A block inside another hands its pictures on to it: the outer one may still fail.
    """
    outer, written = _written.get(), list[uploads.Note]()
    token = _written.set(written)
    try:
        yield
    except BaseException:
        for note in written:
            discard(note.key)
            note.remove()
        raise
    else:
        if outer is not None:
            outer.extend(written)
        else:
            for note in written:
                note.remove()
    finally:
        _written.reset(token)

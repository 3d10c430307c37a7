"""The files of pictures against their rows, both ways."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from clinic.models import Picture
from clinic.pictures import FOLDER

# An upload writes its files before its row: what is younger may still get one.
YOUNG = timedelta(days=1)
# How a file of each kind ends if it was written to its end.
ENDS = {"jpg": b"\xff\xd9", "png": b"IEND\xaeB`\x82"}


@dataclass(frozen=True)
class Fault:
    """A file that is missing or damaged, or a folder that belongs to no picture."""

    path: str
    what: str


def faults_of_pictures() -> Iterator[Fault]:
    """Yield what is wrong with the files of each picture."""
    for picture in Picture.objects.order_by("pk").iterator(chunk_size=500):
        for width, path in picture.files():
            what = fault_of(path, width)
            if what:
                yield Fault(path, what)


def fault_of(path: str, width: int) -> str:
    """Say in a word what is wrong with a file; nothing if all is well.

    Its head is read and its end, not what is between: that would take an hour for a
    large library. Backups hold a digest of the whole.
    """
    try:
        with default_storage.open(path) as file:
            try:
                with Image.open(file, formats=("AVIF", "JPEG", "PNG")) as image:
                    is_right = image.width == width
            except Exception:  # Pillow's decoders raise nearly everything
                return "damaged"
            end = ENDS.get(path.rpartition(".")[2])
            if end:
                file.seek(-len(end), 2)
                is_right = is_right and file.read() == end
            return "" if is_right else "damaged"
    except FileNotFoundError:
        return "missing"
    except OSError:
        return "unreadable"


def orphans() -> Iterator[Fault]:
    """Yield folders that belong to no picture, and are not about to get one."""
    try:
        keys = default_storage.listdir(FOLDER)[0]
    except FileNotFoundError:
        return
    known = set(Picture.objects.values_list("key", flat=True))
    for key in sorted(set(keys) - known):
        if not is_young(key):
            yield Fault(f"{FOLDER}/{key}", "of no picture")


def is_young(key: str) -> bool:
    latest = timezone.now() - YOUNG
    names = default_storage.listdir(f"{FOLDER}/{key}")[1]
    written = (default_storage.get_modified_time(f"{FOLDER}/{key}/{n}") for n in names)
    return any(moment > latest for moment in written)

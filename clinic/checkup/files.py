"""What lies in the folders of the portal: who may read it, and whether it is there."""

import os
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

from clinic import error_pages
from clinic.checkup.frame import Finding, check, error, fine, warning
from clinic.environment import BASE_DIR

MEGABYTE = 1024 * 1024
LITTLE, TOO_LITTLE = 1024 * MEGABYTE, 200 * MEGABYTE
# Of all that lies in DATA_DIR, the folders that hold nothing secret.
OPEN = {"errors", "jobs", "media", "static"}
# And those of what is under way, where files come and go.
PASSING = {".backup", "incoming"}


# Permissions #################################################################


def secrets() -> list[Path]:
    """Return what only the portal's own account may read: keys, database, backups."""
    folder = settings.DATA_DIR
    own = [path for path in sorted(folder.iterdir()) if path.name not in OPEN]
    return [path for path in (BASE_DIR / ".env", *own) if path.exists()]


def is_open(path: Path, bits: int) -> bool:
    """Say whether others on this machine reach it and have one of these rights."""
    try:
        if not path.stat().st_mode & bits:
            return False
    except FileNotFoundError:  # the folder of a backup that has come to its end
        return False
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)


@check("Permissions")
def permissions() -> Iterator[Finding]:
    """Nobody else may read secrets or write anything; all belongs to one account."""
    found = secrets()
    readable = [path for path in found if is_open(path, stat.S_IROTH)]
    places = [settings.DATA_DIR, *found, BASE_DIR]
    writable = [path for path in places if is_open(path, stat.S_IWOTH)]
    if readable:
        yield error(
            f"Everybody on this machine may read {in_words(readable)}.",
            # Not DATA_DIR itself: the proxy takes static files from below it.
            remedy=f"chmod o-rwx {shlex.join(map(str, readable))}",
        )
    if writable:
        yield error(
            f"Everybody on this machine may write to {in_words(writable)}.",
            remedy=f"chmod o-w {shlex.join(map(str, writable))}",
        )
    yield from of_others()
    if not readable and not writable:
        yield fine("Keys and data are closed to other accounts of this machine.")


def of_others() -> Iterator[Finding]:
    """Find what a command has left that was run by another account, root mostly."""
    owner = settings.DATA_DIR.stat().st_uid
    strangers = [path for path, uid in owners(settings.DATA_DIR) if uid != owner]
    if strangers:
        yield error(
            f"The portal's account does not own {in_words(strangers)}: it may not be "
            "able to write there.",
            remedy=f"chown -R --reference={settings.DATA_DIR} {settings.DATA_DIR}",
        )


def owners(data: Path) -> Iterator[tuple[Path, int]]:
    """Yield all that lies there, with its owner, but what goes meanwhile.

    A folder that is gone when it is its turn is left out, as ``os.walk`` does.
    """
    for folder, folders, names in os.walk(data):
        if Path(folder) == data:
            folders[:] = [name for name in folders if name not in PASSING]
        for name in (*folders, *names):
            path = Path(folder, name)
            with suppress(FileNotFoundError):
                yield path, path.lstat().st_uid


def in_words(paths: list[Path]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more}"


# Room ########################################################################


@check("Disk")
def room() -> Iterator[Finding]:
    """Look at the data and at temporary files, once where they share a disk."""
    folders = {folder.stat().st_dev: folder for folder in (temporary(), data())}
    for folder in folders.values():
        free = shutil.disk_usage(folder).free
        told = f"{free // MEGABYTE:,} MB are free at {folder}"
        if free < LITTLE:
            remedy = "Make room: old backups and logs first."
            made = error if free < TOO_LITTLE else warning
            yield made(f"Only {told}.", remedy=remedy)
        else:
            yield fine(f"{told}.")
        if 0 < os.statvfs(folder).f_favail < 1000:
            yield error(
                f"The disk of {folder} can hold hardly another file.",
                remedy="Delete what there are many small files of (df -i).",
            )


def data() -> Path:
    return settings.DATA_DIR


def temporary() -> Path:
    return Path(settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir())


@check("Writing")
def writing() -> Iterator[Finding]:
    for folder in (settings.DATA_DIR, temporary()):
        try:
            with tempfile.NamedTemporaryFile(dir=folder) as file:
                file.write(b"x" * 4096)
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            yield error(
                f"Nothing can be written in {folder} ({problem.strerror}).",
                remedy="Run this as the portal's account; give it the folder, or mount "
                "the disk for writing.",
            )
        else:
            yield fine(f"{folder} can be written.")


# What is made in advance #####################################################

COLLECT = "Run manage.py collectstatic --noinput, then restart the portal."


@check("Static files")
def static_files() -> Iterator[Finding]:
    """Compare what was collected with what this release brings."""
    manifest = staticfiles_storage.read_manifest()  # type: ignore[attr-defined]
    if manifest is None:
        yield error("No static files have been collected.", remedy=COLLECT)
        return
    collected = staticfiles_storage.load_manifest()[0]  # type: ignore[attr-defined]
    folder = settings.STATIC_ROOT
    written = (folder / "staticfiles.json").stat().st_mtime
    brought = {
        name: Path(storage.path(name))
        for finder in finders.get_finders()
        for name, storage in finder.list([])
    }
    absent = sorted(set(brought) - set(collected))
    lost = sorted(n for n in collected.values() if not (folder / n).exists())
    newer = sorted(n for n, path in brought.items() if path.stat().st_mtime > written)
    if absent or lost:
        names = absent or lost
        yield error(
            f"{len(names)} static files are missing: {names[0]}.", remedy=COLLECT
        )
    elif newer:
        yield warning(
            f"{len(newer)} collected files are older than the code: {newer[0]}.",
            remedy=COLLECT,
        )
    else:
        yield fine(f"All {len(collected)} are collected.")


@check("Page for errors")
def page_for_errors() -> Iterator[Finding]:
    """It is written in advance and names the style sheet of a release."""
    remedy = "Run manage.py write_error_pages."
    try:
        sheet = staticfiles_storage.url("css/portal.css")
    except ValueError:
        sheet = ""  # nothing is collected, which is said above
    for code, _name in settings.LANGUAGES:
        path = error_pages.path(code)
        if not path.exists():
            yield error(f"{path} was never written.", remedy=remedy)
        elif sheet not in path.read_text(encoding="utf-8"):
            yield warning(f"{path} belongs to an earlier release.", remedy=remedy)
        else:
            yield fine(f"{path.name} is there.")

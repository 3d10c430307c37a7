"""Whether every picture has its files, and every file its picture."""

from collections.abc import Iterator

from clinic import media
from clinic.checkup.frame import Finding, check, error, fine, warning
from clinic.models import Picture


@check("Pictures", needs_database=True)
def pictures() -> Iterator[Finding]:
    faults = list(media.faults_of_pictures())
    if faults:
        yield error(
            f"{len(faults)} files of pictures are missing or damaged, the first is "
            f"{faults[0].path} ({faults[0].what}). Readers see its description.",
            remedy="manage.py check_media lists them all. Put them back from a backup, "
            "or upload the pictures anew.",
        )
    else:
        yield fine(f"All files of {Picture.objects.count()} pictures are there.")
    orphans = list(media.orphans())
    if orphans:
        yield warning(
            f"{len(orphans)} folders belong to no picture, the first is "
            f"{orphans[0].path}.",
            remedy="After a restored backup they may be of use; else manage.py "
            "check_media --remove-orphans deletes them.",
        )

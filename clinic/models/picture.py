"""The library of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from clinic import pictures, uploads

NO_ROOM = _(
    "There is no room for another picture: all of them together may take %(allowed)s "
    "MB. Please delete pictures that no article uses, or ask whoever runs the server "
    "for more room (PICTURE_MEGABYTES)."
)


class PictureManager(models.Manager["Picture"]):
    def create_from(
        self, renditions: pictures.Renditions, *, name: str, is_drawing: bool = False
    ) -> Picture:
        """Store the renditions and their row: both or neither.

        Inside a larger transaction that may still fail, wrap the whole in
        ``pictures.kept_only_on_success()``.
        """
        with pictures.kept_only_on_success(), transaction.atomic():
            picture = self.model(name=name[:200], is_drawing=is_drawing)
            picture.use(renditions)
            picture.save()
        return picture

    def create_from_upload(
        self, upload: UploadedFile, *, is_drawing: bool = False
    ) -> Picture:
        """Render and store an upload; raises ValidationError if it is no picture."""
        name = (upload.name or "").rpartition(".")[0] or str(_("Picture"))
        renditions = self.rendered(upload)
        return self.create_from(renditions, name=name, is_drawing=is_drawing)

    def rendered(self, upload: UploadedFile) -> pictures.Renditions:
        """Return an upload as renditions for which there is room.

        Raises ValidationError with a sentence if it is no picture, or one too many.
        """
        self.check_room(0)  # who has none left does not get the processor either
        renditions = pictures.render(upload)
        self.check_room(renditions.weight)
        return renditions

    def check_room(self, weight: int) -> None:
        """Raise ValidationError unless that many bytes more may be stored."""
        taken = self.aggregate(taken=models.Sum("weight"))["taken"] or 0
        if taken + max(weight, 1) > settings.PICTURE_MEGABYTES * 1_000_000:
            params = {"allowed": settings.PICTURE_MEGABYTES}
            raise ValidationError(NO_ROOM, code="room", params=params)

    def remove_unfinished(self) -> int:
        """Remove what processes that died had written of a picture; say how many."""
        removed = 0
        for key in uploads.left_behind():
            if not self.filter(key=key).exists():
                pictures.discard(key)
                removed += 1
        return removed


class Picture(models.Model):
    """A picture of the library, in several widths. Its files never change."""

    key = models.CharField(max_length=32, unique=True, editable=False)
    name = models.CharField(
        _("name"),
        max_length=200,
        help_text=_("For finding it again; readers never see it."),
    )
    is_drawing = models.BooleanField(
        _("line drawing on a see-through ground"),
        default=False,
        help_text=_(
            "Tick this for drawings like those of the sample articles. At night, on a "
            "dark screen, their lines turn light. Never tick it for a photograph."
        ),
    )
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    widths = models.JSONField(editable=False)
    fallback = models.CharField(max_length=3, editable=False)
    # Bytes of all its files together.
    weight = models.PositiveBigIntegerField(default=0, editable=False)
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    objects = PictureManager()

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    def use(self, renditions: pictures.Renditions) -> None:
        """Store the files and take their measures; the row is saved by the caller."""
        self.key = pictures.store(renditions)
        self.width = renditions.width
        self.height = renditions.height
        self.widths = renditions.widths
        self.fallback = renditions.fallback
        self.weight = renditions.weight

    def url(self, width: int, extension: str) -> str:
        return default_storage.url(pictures.path_of(self.key, width, extension))

    def files(self) -> Iterator[tuple[int, str]]:
        """Yield the width of each rendition, and its name in the storage."""
        for width in self.widths:
            for extension in ("avif", self.fallback):
                yield width, pictures.path_of(self.key, width, extension)

    def srcset(self, extension: str) -> str:
        return ", ".join(f"{self.url(w, extension)} {w}w" for w in self.widths)

    @property
    def avif_srcset(self) -> str:
        return self.srcset("avif")

    @property
    def fallback_srcset(self) -> str:
        return self.srcset(self.fallback)

    @property
    def src(self) -> str:
        """The address for browsers that know no ``srcset``: a middle width."""
        middle = max((w for w in self.widths if w <= 960), default=self.widths[0])
        return self.url(middle, self.fallback)

    @property
    def thumbnail(self) -> str:
        return self.url(self.widths[0], self.fallback)

    @property
    def layout_width(self) -> int:
        """At most 220: a phone's 320 less what browsers put round a bare figure.

        Without style sheets a page must not scroll sideways.
        """
        return min(220, self.width)

    @property
    def layout_height(self) -> int:
        return max(1, round(self.height * self.layout_width / self.width))


@receiver(post_delete, sender=Picture)
def remove_files(instance: Picture, **kwargs: Any) -> None:
    transaction.on_commit(lambda: pictures.discard(instance.key))

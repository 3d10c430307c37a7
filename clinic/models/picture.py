"""The library of pictures."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from clinic import pictures


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
        return self.create_from(
            pictures.render(upload), name=name, is_drawing=is_drawing
        )


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

    def url(self, width: int, extension: str) -> str:
        return default_storage.url(f"pictures/{self.key}/{width}.{extension}")

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

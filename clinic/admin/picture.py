"""The library of pictures at the desk."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from clinic.admin.base import BoundedList, PicturesOnlyOnSuccess
from clinic.forms import PictureForm
from clinic.models import Picture


@admin.register(Picture)
class PictureAdmin(PicturesOnlyOnSuccess, BoundedList):
    form = PictureForm
    list_display = ["thumbnail", "name", "measures", "uploaded_at"]
    list_display_links = ["name"]
    search_fields = ["name"]
    readonly_fields = ["shown", "measures", "uploaded_at"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is None:
            return ["upload", "name", "is_drawing"]
        return ["shown", "name", "is_drawing", "measures", "uploaded_at"]

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.use(form.cleaned_data["upload"])
        super().save_model(request, obj, form, change)

    @admin.display(description=_("picture"))
    def thumbnail(self, picture: Picture) -> str:
        return format_html(
            '<img class="thumbnail" src="{}" alt="" loading="lazy">', picture.thumbnail
        )

    @admin.display(description=_("picture"))
    def shown(self, picture: Picture) -> str:
        return format_html('<img class="shown" src="{}" alt="">', picture.src)

    @admin.display(description=_("size in pixels"))
    def measures(self, picture: Picture) -> str:
        return f"{picture.width} × {picture.height}"

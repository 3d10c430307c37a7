"""Topics at the desk."""

from django.contrib import admin

from articles.models import Topic
from clinic.admin.base import Logged
from clinic.forms import WIDGETS, LabelledForm


@admin.register(Topic)
class TopicAdmin(Logged):
    form = LabelledForm
    formfield_overrides = WIDGETS
    list_display = ["name", "slug", "position"]
    fields = [
        "name", "slug", "summary", "introduction", "review_months", "position",
    ]  # fmt: skip

"""Topics at the desk."""

from django.contrib import admin

from articles.models import Topic
from clinic.admin import BoundedList
from clinic.forms import WIDGETS, LabelledForm


@admin.register(Topic)
class TopicAdmin(BoundedList):
    form = LabelledForm
    formfield_overrides = WIDGETS
    list_display = ["name", "slug", "position"]
    fields = [
        "name", "slug", "summary", "introduction", "review_months", "position",
    ]  # fmt: skip

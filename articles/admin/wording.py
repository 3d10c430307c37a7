"""Wordings to avoid at the desk."""

from django.contrib import admin

from articles.models import Wording
from clinic.admin import BoundedList
from clinic.forms import LabelledForm


@admin.register(Wording)
class WordingAdmin(BoundedList):
    form = LabelledForm
    list_display = ["phrase", "language", "reason"]
    list_filter = ["language"]
    search_fields = ["phrase", "reason"]
    fields = ["language", "phrase", "reason"]
    list_per_page = 100
